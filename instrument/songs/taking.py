"""What a take is told of the sound: preset, points, and where the pad is heard, as they change."""

import threading
from collections.abc import Callable

from instrument.control.controls import Controls
from instrument.engine.engine import NEEDS_NO_PLACE, Engine
from instrument.presets.preset import Preset
from instrument.values.events import AnyEvent, MovePad
from instrument.values.status import Corner, RecordSettings, RecordStatus

from .recorder import Recorder


class Taking:
    """Keeps the recorder up to date with the controls.

    Its methods that say so need the controls' lock; the others take it.
    """

    def __init__(
        self,
        recorder: Recorder,
        controls: Controls,
        controls_lock: threading.Lock,
        preset: Callable[[], Preset],
    ) -> None:
        """Prepare; nothing is recorded before `start`.

        Args:
            recorder: Writes the files.
            controls: What a hand has set.
            controls_lock: Around them.
            preset: Gives what sounds now as a preset; it takes that lock.
        """
        self._recorder = recorder
        self._controls = controls
        self._controls_lock = controls_lock
        self._preset = preset
        self._corners: tuple[Corner, ...] = ()
        self._place = (0.0, 0.0)

    @property
    def status(self) -> RecordStatus:
        """How the recording stands."""
        return self._recorder.status

    def start(self, engine: Engine, settings: RecordSettings) -> None:
        """Record an engine's output, what is played or both, from now on.

        Raises:
            RecordError: If a file can't be opened.
        """
        preset = self._preset()
        with self._controls_lock:
            self._corners = self._controls.corners
            standing = self._controls.standing()
        self._recorder.start(engine, settings, preset, standing)
        with self._controls_lock:
            self.note_place(is_new=True)

    def stop(self) -> None:
        """End the take; a notice says where it is."""
        self._recorder.stop()

    def look(self) -> None:
        """End a take that can't go on."""
        self._recorder.look()

    def take(self, event: AnyEvent, place: int) -> None:
        """Note what is played, and its place in the engine's ring."""
        self._recorder.take(event, place)

    def note_preset(self) -> None:
        """Note another preset, though its points may be the same."""
        self._corners = ()
        self.note_corners()

    def note_corners(self) -> None:
        """Note the points, if they have changed."""
        if self._recorder.is_running and self._controls.corners is not self._corners:
            self._corners = self._controls.corners
            self._recorder.use(self._preset())
            with self._controls_lock:
                self.note_place(is_new=True)

    def note_place(self, *, is_new: bool = False) -> None:
        """Note where the pad is heard, if that has changed; with the controls' lock.

        The hand's place alone would not do: what moves the pad by itself stands elsewhere when the
        performance is played again.
        """
        if not self._recorder.is_running:
            return
        place = self._controls.heard_place
        if is_new or place != self._place:
            self._place = place
            self._recorder.take(MovePad(x=place[0], y=place[1]), NEEDS_NO_PLACE)
