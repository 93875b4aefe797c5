"""Where the window meets the instrument: a timer reads `status()` and tells what changed.

Whatever may take longer than a moment (starting the instrument, listing devices, a note's wave)
is asked on one thread beside the window's, so that the window never waits. What the player is
just moving is not pulled back by a status that is older than the hand.
"""

import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from instrument import (
    MOD_WHEEL,
    AnyEvent,
    ControlChange,
    InstrumentInterface,
    MidiMapError,
    ModelLibraryError,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    PitchBend,
    PresetError,
    RemoteError,
    SetParameter,
    Status,
)

Answer = TypeVar("Answer")


class Level(NamedTuple):
    """The peaks since the last look, left and right, of the samples and between them."""

    peaks: tuple[float, float]
    true_peaks: tuple[float, float] = (0.0, 0.0)


ERRORS = (MidiMapError, ModelLibraryError, OSError, PresetError, RemoteError, ValueError)
"""What the instrument raises; each has a line for the player."""

INTERVAL_MILLISECONDS = 34  # 29.4 times a second
HOLD_SECONDS = 0.25  # how long the hand is believed, and not the instrument

# Signal, and what of the status it carries: emitted when that differs from the last time.
_TOPICS: tuple[tuple[str, Callable[[Status], Any]], ...] = (
    ("audio_changed", lambda status: status.audio),
    ("midi_changed", lambda status: status.midi_inputs),
    ("midi_map_changed", lambda status: status.midi_map),
    ("learning_changed", lambda status: status.learning),
    ("waiting_changed", lambda status: status.waiting),
    ("model_changed", lambda status: status.model),
    ("tuning_changed", lambda status: status.tuning),
    ("timbres_of_changed", lambda status: status.timbres_of),
    ("renderer_changed", lambda status: status.renderer),
    ("corners_changed", lambda status: status.corners),
    ("preset_changed", lambda status: (status.preset_name, status.preset_changed)),
    ("revision_changed", lambda status: status.revision),
    ("cache_changed", lambda status: (status.n_fresh, status.n_notes)),
    ("freshness_changed", lambda status: status.freshness),
    ("spectrum_changed", lambda status: status.spectrum),
    ("gated_changed", lambda status: status.gated),
    ("recording_changed", lambda status: status.recording),
    ("path_changed", lambda status: status.path),
    ("playability_changed", lambda status: status.playability),
    ("motion_changed", lambda s: ((round(s.heard_x, 4), round(s.heard_y, 4)), s.path_share)),
    ("tempo_changed", lambda status: (round(status.tempo, 1), status.is_clocked)),
    ("note_changed", lambda status: (status.last_note, status.note_version)),
)

# What the hand moves, as (name, its value in the status); `moved` carries both.
_HANDS: dict[str, Callable[[Status], Any]] = {
    "pad": lambda status: (status.pad_x, status.pad_y),
    "bend": lambda status: status.bend,
    "mod": lambda status: status.mod,
}


class Bridge(QObject):
    """The instrument for the window's panels: signals out, events and requests in.

    Attributes:
        state: "starting", "playing" or "stopped".
        status: The latest; all its defaults before the first.
    """

    state_changed = Signal(str)
    audio_changed = Signal(object)
    midi_changed = Signal(object)
    midi_map_changed = Signal(object)
    learning_changed = Signal(str)
    waiting_changed = Signal(object)
    model_changed = Signal(object)
    tuning_changed = Signal(str)
    timbres_of_changed = Signal(str)
    renderer_changed = Signal(str)
    corners_changed = Signal(object)
    preset_changed = Signal(object)
    revision_changed = Signal(object)
    cache_changed = Signal(object)
    freshness_changed = Signal(object)
    gated_changed = Signal(object)
    note_changed = Signal(object)
    path_changed = Signal(object)
    playability_changed = Signal(object)
    motion_changed = Signal(object)
    tempo_changed = Signal(object)
    timbres_changed = Signal(object)
    parameter_changed = Signal(str, float)
    moved = Signal(str, object)
    level_changed = Signal(object)
    spectrum_changed = Signal(bytes)
    timing_changed = Signal(object)
    recording_changed = Signal(object)
    noticed = Signal(str, bool)
    midi_heard = Signal()
    _answered = Signal(object)

    def __init__(
        self, start: Callable[[], InstrumentInterface], parent: QObject | None = None
    ) -> None:
        """Make a bridge that starts nothing yet.

        Args:
            start: Starts the instrument; called on another thread, again after a crash.
            parent: In Qt's tree.
        """
        super().__init__(parent)
        self.state = "starting"
        self.status = Status()
        self._start = start
        self._instrument: InstrumentInterface | None = None
        self._shown: dict[str, Any] = {}
        self._held_until: dict[str, float] = {}
        self._settled: dict[str, float] = {}  # the parameters, when all of them are shown
        self._last_notice = 0
        self._last_own_note = 0.0
        self._is_over = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="bridge")
        self._answered.connect(self._take_answer, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MILLISECONDS)
        self._timer.timeout.connect(self.poll)
        self.timbres_of_changed.connect(self._fetch_timbres)

    @property
    def instrument(self) -> InstrumentInterface | None:
        """The instrument, while there is one."""
        return self._instrument

    def begin(self) -> None:
        """Start the instrument, or start it again; `state_changed` says when it plays."""
        self._set_state("starting")
        self._run(self._start_unless_over, self._begun, self._not_begun)

    def end(self) -> None:
        """Stop the instrument; the window is going."""
        self._is_over = True
        self._timer.stop()
        instrument, self._instrument = self._instrument, None
        if instrument is not None:
            instrument.close()
        self._worker.shutdown(cancel_futures=True)

    def post(self, event: AnyEvent) -> None:
        """Play an event, and show it as done until the instrument has had time to follow."""
        self._hold(event)
        if self._instrument is not None:
            self._instrument.post(event)

    def ask(
        self,
        question: Callable[[InstrumentInterface], Answer],
        answer: Callable[[Answer], None] | None = None,
    ) -> None:
        """Ask the instrument on the other thread.

        Args:
            question: Called there; an error of the instrument's becomes a notice.
            answer: Called in the window's thread with what came back.
        """
        instrument = self._instrument
        if instrument is not None:
            self._run(lambda: question(instrument), answer, lambda error: self.say(str(error)))

    def say(self, text: str, *, is_error: bool = True) -> None:
        """Show a notice of the window's own."""
        self.noticed.emit(text, is_error)

    def poll(self) -> None:
        """Read the status once and emit what changed."""
        if self._instrument is None:
            return
        status = self._instrument.status()
        former, self.status = self.status, status
        for signal, pick in _TOPICS:
            self._emit_if_new(signal, pick(status))
        self._emit_midi(former, status)
        self._emit_hands(status)
        self._emit_timing(status)
        self._emit_level(status)
        self._emit_notices(status)

    def _start_unless_over(self) -> InstrumentInterface:
        instrument = self._start()
        if self._is_over:  # the window went while it was being started
            instrument.close()
        return instrument

    def _begun(self, instrument: InstrumentInterface) -> None:
        self._instrument = instrument
        self._shown.clear()
        self._settled = {}
        self._set_state("playing")
        self.poll()
        self._timer.start()

    def _not_begun(self, error: Exception) -> None:
        self._set_state("stopped")
        self.say(str(error))

    def _fetch_timbres(self, _model: str) -> None:
        self.ask(lambda instrument: instrument.timbres(), self.timbres_changed.emit)

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)

    def _hold(self, event: AnyEvent) -> None:
        name: str | None = None
        value: Any = None
        match event:
            case MovePad():
                name, value = "pad", (event.x, event.y)
            case MovePoint():
                name = "corners_changed"  # whatever it is then, it is told anew
            case PitchBend():
                name, value = "bend", event.value
            case ControlChange(controller=controller) if controller == MOD_WHEEL:
                name, value = "mod", event.value / 127
            case SetParameter():
                name, value = event.name, event.value
                self._settled = {}
            case NoteOn() | NoteOff():
                self._last_own_note = time.monotonic()
        if name is not None:
            self._shown[name] = value
            self._held_until[name] = time.monotonic() + HOLD_SECONDS

    def _is_held(self, name: str) -> bool:
        return time.monotonic() < self._held_until.get(name, 0.0)

    def _is_news(self, name: str, value: object) -> bool:
        """Say whether to show a value, and remember it as shown."""
        if self._is_held(name):
            return False
        if name in self._shown and self._shown[name] == value:
            return False
        self._shown[name] = value
        return True

    def _emit_if_new(self, signal: str, value: object) -> None:
        if self._is_news(signal, value):
            getattr(self, signal).emit(value)

    def _emit_hands(self, status: Status) -> None:
        for name, pick in _HANDS.items():
            value = pick(status)
            if self._is_news(name, value):
                self.moved.emit(name, value)
        if status.parameters == self._settled:
            return
        for name, value in status.parameters.items():
            if self._is_news(name, value):
                self.parameter_changed.emit(name, value)
        are_held = any(self._is_held(name) for name in status.parameters)
        self._settled = {} if are_held else status.parameters

    def _emit_midi(self, former: Status, status: Status) -> None:
        """Tell of keys and wheels that moved by no hand of this window."""
        if time.monotonic() < self._last_own_note + HOLD_SECONDS:
            return
        wheels = [
            name for name in ("bend", "mod") if getattr(former, name) != getattr(status, name)
        ]
        if former.gated != status.gated or any(not self._is_held(name) for name in wheels):
            self.midi_heard.emit()

    def _emit_timing(self, status: Status) -> None:
        # rounded as it is shown, so that a trembling load does not repaint the window
        shown = (
            round(status.load, 2),
            status.n_voices,
            status.dropped_blocks,
            status.dropped_events,
            status.audio.running,
            status.audio.block,
            status.audio.sample_rate,
            round(status.audio.latency_seconds, 4),
        )
        if self._is_news("timing", shown):
            self.timing_changed.emit(status)

    def _emit_level(self, status: Status) -> None:
        peaks = (status.peak_left, status.peak_right)
        true_peaks = (status.true_peak_left, status.true_peak_right)
        if self._is_news("level", peaks) or max(peaks) > 0.0:
            self.level_changed.emit(Level(peaks, true_peaks))

    def _emit_notices(self, status: Status) -> None:
        for notice in status.notices:
            if notice.id > self._last_notice:
                self._last_notice = notice.id
                self.noticed.emit(notice.text, notice.is_error)

    def _run(
        self,
        work: Callable[[], Answer],
        answer: Callable[[Answer], None] | None,
        fail: Callable[[Exception], None],
    ) -> None:
        """Work on the other thread, and answer or fail in the window's."""

        def run() -> None:
            try:
                value = work()
            except ERRORS as error:
                self._tell(functools.partial(fail, error))
            else:
                if answer is not None:
                    self._tell(functools.partial(answer, value))

        self._worker.submit(run)

    def _take_answer(self, call: Callable[[], None]) -> None:
        if not self._is_over:
            call()

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            self._answered.emit(call)
        except RuntimeError:  # the window is gone, and Qt's half of the bridge with it
            return
