"""The instrument's MIDI map: at work, changed by the player, kept for the next session."""

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from instrument.midi.midi_map_library import MidiMapLibrary
from instrument.values.events import AnyEvent, ControlChange, NoteOn, PitchBend
from instrument.values.midi_map import TARGETS, Mapping, MidiMap, MidiMapError, check_target

from .controls import Controls
from .midi_mapper import MidiMapper


class MidiControl:
    """Holds the mapper and its files. Any thread may call; `play` never waits for a disk.

    The lock is the controls': the mapper asks them where everything stands.
    """

    def __init__(
        self,
        controls: Controls,
        lock: threading.Lock,
        *,
        post: Callable[[AnyEvent], None],
        notify: Callable[..., None],
        data: Path,
        profile: str = "",
        remember: bool = True,
    ) -> None:
        """Take up a profile, else the map of the last session.

        Args:
            controls: Of the instrument.
            lock: Around the controls.
            post: Plays an event; not called with the lock.
            notify: Says a line to the player; `is_error` says what it is.
            data: Folder of the player's files.
            profile: Name or file of a profile; "" is the last session's map.
            remember: Keep the map for the next session.
        """
        self._lock = lock
        self._post = post
        self._notify = notify
        self._remember = remember
        self._library = MidiMapLibrary(data)
        self._mapper = MidiMapper(controls, lambda line: notify(line, is_error=False))
        self._kept: MidiMap | None = None
        self._unwritable: MidiMap | None = None
        self._start(profile)

    @property
    def midi_map(self) -> MidiMap:
        """The mappings; with the lock."""
        return self._mapper.midi_map

    @property
    def learning(self) -> str:
        """What the next controller is to move, or ""; with the lock."""
        return self._mapper.learning

    def waiting(self) -> dict[str, float]:
        """Give where each controller points that has not come by its target; with the lock."""
        return self._mapper.waiting()

    def play(self, event: AnyEvent) -> None:
        """Play an event that came by MIDI, as the map says.

        Raises:
            ValueError: If a value in it is outside its range.
        """
        if not isinstance(event, ControlChange | PitchBend | NoteOn):
            self._post(event)
            return
        with self._lock:
            events = self._mapper.take(event)
        self._play(events)

    def learn(self, target: str) -> None:
        """Bind the next controller that moves to a target; "" waits for none.

        Raises:
            ValueError: If nothing of this name can be moved.
        """
        if target:
            check_target(target)
        with self._lock:
            self._mapper.learn(target)

    def map(self, mapping: Mapping) -> None:
        """Set a mapping, in place of its target's and of those that have its controller.

        Raises:
            ValueError: If something in it is not possible.
        """
        if problem := mapping.problem():
            raise ValueError(problem)
        with self._lock:
            replaced = self._mapper.midi_map.replaced_by(mapping)
            events = self._mapper.use(self._mapper.midi_map.with_mapping(mapping))
        self._play(events)
        for other in replaced:
            self._notify(
                f"{mapping.source} no longer moves {TARGETS[other.target]}.", is_error=False
            )

    def forget(self, target: str) -> None:
        """Take a target's controller away; "" takes all.

        Raises:
            ValueError: If nothing of this name can be moved.
        """
        if target:
            check_target(target)
        with self._lock:
            midi_map = self._mapper.midi_map
            self._mapper.use(midi_map.without(target) if target else MidiMap())

    def profiles(self) -> tuple[str, ...]:
        """List the profiles by name."""
        return self._library.names()

    def load(self, name: str) -> None:
        """Take over a profile.

        Raises:
            MidiMapError: If there is none, or it can't be read; the present map stays.
        """
        self._use(self._library.load(name))

    def save(self, name: str) -> None:
        """Write the present map as a profile, in place of a former one of this name.

        Raises:
            MidiMapError: If the name is none, or the file can't be written.
        """
        with self._lock:
            midi_map = self._mapper.midi_map
        self._rename(self._library.save(midi_map, name).name)

    def delete(self, name: str) -> None:
        """Delete a profile; what is mapped stays.

        Raises:
            MidiMapError: If there is none, or it can't be deleted.
        """
        self._library.delete(name)
        with self._lock:
            is_present = self._mapper.midi_map.name.casefold() == name.casefold()
        if is_present:
            self._rename("")

    def look(self, now: float) -> None:
        """Finish learning where no more is to come, and keep the map; some times a second.

        Args:
            now: On the clock of the events.
        """
        with self._lock:
            events = self._mapper.settle(now)
        self._play(events)
        self.keep()

    def keep(self) -> None:
        """Write the map for the next session if it has changed; says so once if it can't."""
        with self._lock:
            midi_map = self._mapper.midi_map
        if not self._remember or midi_map in (self._kept, self._unwritable):
            return
        try:
            self._library.keep_present(midi_map)
        except MidiMapError as error:
            self._unwritable = midi_map
            self._notify(str(error))
        else:
            self._kept, self._unwritable = midi_map, None

    def _start(self, profile: str) -> None:
        try:
            self._kept = self._library.load_present()
        except MidiMapError as error:
            self._notify(f"The MIDI map of the last session is lost: {error}")
            self._kept = MidiMap()  # the damaged file stays until something is learned
        self._use(self._kept)
        if profile:
            try:
                self.load(profile)
            except MidiMapError as error:
                self._notify(str(error))

    def _use(self, midi_map: MidiMap) -> None:
        with self._lock:
            events = self._mapper.use(midi_map)
        self._play(events)

    def _rename(self, name: str) -> None:
        with self._lock:
            self._mapper.use(msgspec.structs.replace(self._mapper.midi_map, name=name))

    def _play(self, events: tuple[AnyEvent, ...]) -> None:
        for event in events:
            self._post(event)
