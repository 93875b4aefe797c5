"""MIDI controllers become what they have been mapped to; any other event passes as it is."""

import math
from collections.abc import Callable

import msgspec

from instrument.midi.midi_learn import MidiLearn
from instrument.midi.midi_reader import MidiReader, Reading
from instrument.midi.takeover import Takeover
from instrument.values.events import (
    AnyEvent,
    ControlChange,
    MovePad,
    NoteOn,
    PitchBend,
    SetParameter,
)
from instrument.values.midi_map import ACTIONS, PAD_X, PAD_Y, TARGETS, Mapping, MidiMap
from instrument.values.midi_source import LET_GO, N_CHANNELS, PARAMETER_CONTROLLERS, Source
from instrument.values.parameters import BY_CONTROLLER, BY_NAME, RESET_CONTROLLERS, SLIDE

from .controls import Controls

_SILENTLY_REFUSED = frozenset((0, 32, 88))  # sent by keyboards of themselves, not by a hand
Say = Callable[[str], object]


class MidiMapper:
    """The map at work, and learning. It stands before `Controls`, and only for what comes by MIDI.

    Not for several threads at once: the instrument has a lock around it.
    """

    def __init__(self, controls: Controls, say: Say) -> None:
        """Begin with an empty map.

        Args:
            controls: They know where everything stands.
            say: Gets a line for the player.
        """
        self._controls = controls
        self._say = say
        self._reader = MidiReader()
        self._learn = MidiLearn()
        self._map = MidiMap()
        self._by_source: dict[Source, Mapping] = {}
        self._takeovers: dict[str, Takeover] = {}
        self._last_positions: dict[str, float] = {}  # of buttons, by what they do
        self._channels_with_keys: set[int] = set()
        self._was_refused: Source | None = None

    @property
    def midi_map(self) -> MidiMap:
        """The mappings."""
        return self._map

    @property
    def learning(self) -> str:
        """What the next controller is to move, or ""."""
        return self._learn.target

    def waiting(self) -> dict[str, float]:
        """Give where each controller points that has not come by its target's place, 0..1."""
        places = {
            mapping.target: self._takeovers[mapping.target].waits_at
            for mapping in self._map.mappings
            if mapping.takeover
        }
        return {target: place for target, place in places.items() if place is not None}

    def use(self, midi_map: MidiMap) -> tuple[AnyEvent, ...]:
        """Take another map; give what lets go of wheels and pedals that it takes away.

        A mapping that stays as it was keeps hold of what it moves.
        """
        before = set(self._map.mappings)
        new = [mapping for mapping in midi_map.mappings if mapping not in before]
        self._map = midi_map
        self._by_source = {mapping.source: mapping for mapping in midi_map.mappings}
        kept = {mapping.target for mapping in midi_map.mappings} - {m.target for m in new}
        self._takeovers = {t: takeover for t, takeover in self._takeovers.items() if t in kept}
        for mapping in new:
            self._takeovers[mapping.target] = Takeover(mapping.low, mapping.high)
            self._last_positions.pop(mapping.target, None)
        return _letting_go(new)

    def learn(self, target: str) -> None:
        """Bind the next controller that moves to a target; "" waits for none."""
        self._learn.begin(target)
        self._was_refused = None

    def take(self, event: AnyEvent) -> tuple[AnyEvent, ...]:
        """Take an event that came by MIDI; give what is to be played for it."""
        if isinstance(event, NoteOn):
            self._channels_with_keys.add(event.channel)
        if not isinstance(event, ControlChange | PitchBend) or self._is_a_notes_own(event):
            return (event,)
        readings = self._reader.read(event)
        if readings and self._learn.target and self._may_learn(readings[0].source):
            source = self._learn.take(readings, event.time_seconds)
            return () if source is None else self._bind(source)
        for reading in readings:
            mapping = self._mapping_of(reading.source)
            if mapping is not None:
                return (*self._plumbing(event), *self._move(mapping, reading, event.time_seconds))
        return (event,)

    def settle(self, now: float) -> tuple[AnyEvent, ...]:
        """Bind a controller whose fine half has not come in time; give what is to be played."""
        source = self._learn.settle(now)
        return () if source is None else self._bind(source)

    def _is_a_notes_own(self, event: ControlChange | PitchBend) -> bool:
        """Say whether it bends or slides a single note of an MPE zone."""
        if not self._controls.zones.is_member(event.channel):
            return False
        return isinstance(event, PitchBend) or event.controller == SLIDE

    def _may_learn(self, source: Source) -> bool:
        """Say whether a controller can be bound; else say why not, once."""
        problem = source.problem()
        if source.kind == "bend" and source.channel in self._channels_with_keys:
            problem = "this wheel bends the notes of its channel and stays that"
        is_by_hand = _SILENTLY_REFUSED.isdisjoint(source.controllers)
        if problem and is_by_hand and source != self._was_refused:
            self._was_refused = source
            self._say(f"{problem[0].upper()}{problem[1:]}. Move another controller.")
        return not problem

    def _bind(self, source: Source) -> tuple[AnyEvent, ...]:
        target = self._learn.target
        self._learn.begin("")
        former = self._map.of(target)
        # a range was chosen for what is moved, and not for the controller
        mapping = msgspec.structs.replace(
            former or Mapping(source=source, target=target), source=source
        )
        self._say(_told(mapping, former, self._map.replaced_by(mapping)))
        return self.use(self._map.with_mapping(mapping))

    def _mapping_of(self, source: Source) -> Mapping | None:
        mapping = self._by_source.get(source)
        return mapping or self._by_source.get(Source(source.kind, source.number))

    def _move(self, mapping: Mapping, reading: Reading, at: float) -> tuple[AnyEvent, ...]:
        if mapping.target in ACTIONS:
            return self._press(mapping, reading, at)
        present = self._place(mapping.target)
        takeover = self._takeovers[mapping.target]
        if reading.is_step:  # it goes on from where the target is: nothing can jump
            least, most = sorted((mapping.low, mapping.high))
            wanted = present + _step(mapping, reading.position)
            return (self._put(mapping.target, min(max(wanted, least), most), at),)
        wanted = mapping.place(reading.position)
        settled = _settled(mapping.target, wanted)
        if not takeover.takes(wanted, settled, present) and mapping.takeover:
            return ()
        return (self._put(mapping.target, wanted, at),)

    def _press(self, mapping: Mapping, reading: Reading, at: float) -> tuple[AnyEvent, ...]:
        """Do something when a button goes down: from below the middle, or again to the same place.

        The latter is for buttons that say nothing when they come up; a knob never says the same
        twice.
        """
        is_pressed = reading.position > 0.0
        if not reading.is_step:
            place = mapping.place(reading.position)
            before = self._last_positions.get(mapping.target, 0.0)
            self._last_positions[mapping.target] = place
            is_pressed = place >= 0.5 and (before < 0.5 or before == place)
        done = msgspec.structs.replace(ACTIONS[mapping.target], time_seconds=at)
        return (done,) if is_pressed else ()

    def _place(self, target: str) -> float:
        """Say where a target is, 0..1 of its way."""
        controls = self._controls
        if target in (PAD_X, PAD_Y):
            return controls.pad_x if target == PAD_X else controls.pad_y
        return BY_NAME[target].to_position(controls.parameters[target])

    def _put(self, target: str, place: float, at: float) -> AnyEvent:
        controls = self._controls
        if target == PAD_X:
            return MovePad(x=place, y=controls.pad_y, time_seconds=at)
        if target == PAD_Y:
            return MovePad(x=controls.pad_x, y=place, time_seconds=at)
        return SetParameter(
            name=target, value=BY_NAME[target].from_position(place), time_seconds=at
        )

    def _plumbing(self, event: ControlChange | PitchBend) -> tuple[AnyEvent, ...]:
        """Let pass what registered parameters are told by."""
        is_plumbing = isinstance(event, ControlChange) and event.controller in PARAMETER_CONTROLLERS
        return (event,) if is_plumbing else ()


def _step(mapping: Mapping, way: float) -> float:
    """Say how far an increment moves a target; where only whole numbers are, to the next."""
    step = way * (mapping.high - mapping.low)
    row = BY_NAME.get(mapping.target)
    if row is None or row.curve != "whole":
        return step
    return math.copysign(max(abs(step), 1.0 / (row.maximum - row.minimum)), step)


def _settled(target: str, place: float) -> float:
    """Say where a target would be: where only whole numbers are, at one of them."""
    if target in (PAD_X, PAD_Y):
        return place
    row = BY_NAME[target]
    return row.to_position(row.from_position(place))


def _letting_go(mappings: list[Mapping]) -> tuple[AnyEvent, ...]:
    """Give the events that let go of wheels and pedals before they mean something else."""
    channels: set[int] = set()
    for source in (mapping.source for mapping in mappings):
        if source.kind == "bend" or not LET_GO.isdisjoint(source.controllers):
            channels |= set(range(N_CHANNELS)) if source.channel is None else {source.channel}
    return tuple(
        ControlChange(controller=RESET_CONTROLLERS, value=0, channel=channel)
        for channel in sorted(channels)
    )


def _told(mapping: Mapping, former: Mapping | None, replaced: tuple[Mapping, ...]) -> str:
    """Say in one line what was learned, and what it took the place of."""
    words = f"{mapping.source} now moves {TARGETS[mapping.target]}"
    if mapping.target in ACTIONS:
        words = f"{mapping.source} is now for the {TARGETS[mapping.target]}"
    lost = [TARGETS[other.target] for other in replaced]
    for number in mapping.source.controllers:
        usual = BY_CONTROLLER.get(number)
        if usual is not None and usual.name != mapping.target and not replaced:
            lost.append(TARGETS[usual.name])
    if lost:
        words += f", and no longer {' and '.join(lost)}"
    if former is not None and former.source != mapping.source:
        words += f"; before it was {former.source}"
    return f"{words}."
