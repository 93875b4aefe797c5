"""The engine as Python sees it: post events, publish notes, take blocks.

Who writes what: `post` and `publish` (any thread, one at a time, under a lock) write the ring, the
mailboxes and where the knobs stand; whoever makes blocks, the sound card's callback or `process`,
writes everything else.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instrument.values import events
from instrument.values.parameters import BY_NAME
from instrument.values.tuning import Tuning, equal_tuning
from instrument.values.units import frames_to_seconds

from . import ring
from .callback import compiled_callback, system_clock
from .delay import delay_frames
from .envelope import BLOCK
from .held_voices import HeldVoice, held_voices
from .layers import N_LAYERS
from .monitor import Monitor
from .pool import NoteInfo, NotePool
from .ring import N_CHANNELS, N_NOTES, RING_SIZE, event_dtype, key_dtype, put_event, put_note
from .ring_rows import finite, require, row_of
from .state import (
    MAXIMUM_VOICES,
    NOWHERE,
    P_DELAY_DIVISION,
    P_DELAY_MIX,
    P_DELAY_TIME,
    P_TEMPO,
    ROWS,
    effects_memory,
    forget_effects,
    forget_playing,
    make_machine,
    state_dtype,
)
from .tape import Tape
from .voice import SHORTEST_LOOP

AT_ONCE = -1  # no frame of its own
NEEDS_NO_PLACE = -1


@dataclass(frozen=True)
class EngineCounters:
    """What the engine has counted.

    Attributes:
        blocks: Calls from the device since the engine was made.
        late_blocks: Those that took longer than they last.
        underflows: Gaps that the device reported.
        dropped_events: Events lost because the ring was full.
        stolen: Voices taken over for new notes.
        broken: Voices silenced because their samples were not numbers.
        n_voices: Voices that sound now.
        load: Share of a block's time spent making it, averaged, 0..1.
        peak_left: Largest absolute sample since the counters were last read, 0..1.
        peak_right: As `peak_left`.
    """

    blocks: int
    late_blocks: int
    underflows: int
    dropped_events: int
    stolen: int
    broken: int
    n_voices: int
    load: float
    peak_left: float
    peak_right: float


_FLOAT32 = np.dtype(np.float32)


def _zeros(shape: Any, dtype: Any = np.float64) -> NDArray[Any]:
    return np.zeros(shape, dtype)


class Engine:
    """Voices that read a note pool, mixed into blocks.

    `process` and PortAudio's callback must not run at the same time: one of them is the clock.
    """

    def __init__(self, sample_rate: float, pool: NotePool, *, n_voices: int = 64) -> None:
        """Make an engine and compile all that runs in real time.

        Args:
            sample_rate: Of the device, in Hz, and of the notes in the pool.
            pool: Where the notes lie. It must outlive the engine.
            n_voices: Voices that may sound at once, up to 256.

        Raises:
            ValueError: If the rate or the number of voices is out of range.
        """
        if not 8000.0 <= sample_rate <= 384000.0:
            raise ValueError(f"sample_rate must be 8000..384000 Hz, not {sample_rate}")
        require("n_voices", n_voices, 1, MAXIMUM_VOICES)
        self.sample_rate = float(sample_rate)
        self._pool = pool
        self._lock = threading.Lock()  # makes all who post one producer
        self._sequence = 0  # events posted; under the lock
        self._dropped = 0  # under the lock
        self._memory = effects_memory(self.sample_rate)
        self._machine = make_machine(
            self.sample_rate, pool.samples, self._memory, n_voices, system_clock()
        )
        sizes = (len(self._machine.voices), *pool.samples.shape)
        addresses = [array.ctypes.data for array in self._machine]
        self._addresses = np.array([*addresses, *sizes], np.uint64)
        self._userdata = int(self._addresses.ctypes.data)  # to ask anew takes a microsecond
        self._callback = compiled_callback()
        self._warm_up()
        self.monitor = Monitor(self._machine, self.sample_rate)

    def _warm_up(self) -> None:
        """Compile what `post` and `publish` call, and make one silent block."""
        spare_ring, spare_mail = _zeros(RING_SIZE, event_dtype), _zeros((1, 1), key_dtype)
        spare_state = _zeros(1, state_dtype)
        put_event(spare_ring, 1, ring.NOTE_OFF, 0, 0, 0.0, 0.0, -1)
        put_note(spare_mail, spare_state[0], 0, 0, 0, 0, 0, 0, 0, 1.0, 1.0, 0, 0, 0, 1)
        self.process(np.zeros((BLOCK, 2), np.float32))

    @property
    def callback_address(self) -> int:
        """Address of the PaStreamCallback; valid while any engine lives."""
        return int(self._callback.address)

    @property
    def userdata(self) -> int:
        """Address that the callback needs; valid while this engine lives."""
        return self._userdata

    @property
    def n_voices(self) -> int:
        """Voices that may sound at once."""
        return int(self._machine.state[0]["n_voices"])

    @property
    def n_blocks(self) -> int:
        """Calls from the device so far."""
        return int(self._machine.state[0]["blocks"])

    def asked(self) -> tuple[float, int]:
        """Say when the device asked last, in seconds, and for how many frames until then."""
        state = self._machine.state[0]
        while True:  # both of one block
            n_frames = int(state["asked_frames"])
            seconds = float(state["asked_seconds"])
            if n_frames == int(state["asked_frames"]):
                return seconds, n_frames

    def post(self, event: events.Event, frame: int = AT_ONCE) -> int:
        """Hand an event to the engine; from any thread.

        Args:
            event: Its `time_seconds` counts only in the device's callback, in even timing.
            frame: Of the engine, at which it is to happen; not before those posted earlier.
                Knobs and tunings turn at once.

        Returns:
            Its place among all events, for `placed_frame`; -1 if it needs none; 0 when the ring
            was full and it is lost, which is also counted.

        Raises:
            ValueError: If a number in the event is out of its range.
        """
        if isinstance(event, events.SetParameter):
            self._set_parameter(event.name, event.value)
            return NEEDS_NO_PLACE
        if isinstance(event, events.SetTuning):
            self._set_tuning(event.tuning, is_real_time=event.is_real_time)
            return NEEDS_NO_PLACE
        row = row_of(event)
        if row is None:
            return NEEDS_NO_PLACE
        channel = require("channel", getattr(event, "channel", 0), 0, N_CHANNELS - 1)
        # another clock's time may lie ahead: such an event counts as of now
        return self._put(*row, channel, min(event.time_seconds, time.monotonic()), frame)

    def _put(
        self,
        kind: int,
        number: int,
        value: float,
        channel: int = 0,
        time_seconds: float = 0.0,
        frame: int = AT_ONCE,
    ) -> int:
        with self._lock:
            if self._sequence - int(self._machine.state[0]["ring_read"]) >= RING_SIZE:
                self._dropped += 1
                return 0
            self._sequence += 1
            put_event(
                self._machine.ring,
                self._sequence,
                kind,
                number,
                channel,
                float(value),
                float(time_seconds),
                frame,
            )
            return self._sequence

    @property
    def next_frame(self) -> int:
        """First frame of the inner block that is made next; frames count from the first of all."""
        return int(self._machine.state[0]["frame"])

    def placed_frame(self, place: int) -> int | None:
        """Say at which frame an event has happened; None as long as it has not.

        Args:
            place: From `post`, one of the last 4096.
        """
        if int(self._machine.state[0]["ring_read"]) < place:
            return None
        return int(self._machine.ring[(place - 1) % RING_SIZE]["placed"])

    @property
    def tape(self) -> Tape:
        """What records the output."""
        return Tape(self._machine)

    def take_over(self, n_struck: int, vibrato_phase: float) -> None:
        """Go on as another engine would, where that is not for events to say; while none sounds.

        Args:
            n_struck: Keys that have gone down before: it sets where a unison's voices begin.
            vibrato_phase: In cycles.
        """
        self._machine.state[0]["n_struck"] = n_struck
        self._machine.state[0]["vibrato_phase"] = vibrato_phase

    @property
    def n_struck(self) -> int:
        """Keys that have gone down so far."""
        return int(self._machine.state[0]["n_struck"])

    @property
    def vibrato_phase(self) -> float:
        """Of the vibrato, in cycles."""
        return float(self._machine.state[0]["vibrato_phase"])

    def use_clock(self, function_address: int) -> None:
        """Read the time from another function than the system's, for tests and measurements.

        Args:
            function_address: Of a C function like POSIX's clock_gettime.
        """
        self._machine.state[0]["clock_function"] = function_address

    def use_even_timing(self, is_even: bool) -> None:
        """Say how the device's callback places events that carry a time.

        Even: where they were in the device's previous block, so that each is heard one block later
        than it came. Else at the next block's start: sooner, by any time up to a block.
        """
        self._machine.state[0]["is_even"] = int(is_even)

    def _set_parameter(self, name: str, value: float) -> None:
        """Turn a knob. The newest value counts, so it needs no place in the ring."""
        if name not in BY_NAME:
            raise ValueError(f'there is no parameter "{name}"')
        value = BY_NAME[name].clip(finite(name, value))
        self._machine.state[0]["targets"][ROWS[name]] = value

    def _set_tuning(self, tuning: Tuning | None, *, is_real_time: bool) -> None:
        """Tune every key; as with a knob, the newest tuning counts."""
        if tuning is not None and tuning.problem():
            raise ValueError(tuning.problem())
        state = self._machine.state[0]
        pitches = equal_tuning() if tuning is None else tuning.pitches
        state["pitches"][:] = [NOWHERE if pitch is None else pitch for pitch in pitches]
        if is_real_time:
            state["retunings"] += 1

    def publish(self, pitch: int, note: NoteInfo | None, layer: int = 0) -> bool:
        """Say which note a key plays from now on, in a layer; from any thread.

        Sounding voices of the pitch are cross-faded to it, in phase. None takes the key's note
        away: what sounds goes on, and `slots_in_use` says until when.

        The newest note of each key lies in a mailbox, so this never fails for want of room.

        Raises:
            ValueError: If the pitch, the layer or the note is out of range.
        """
        require("pitch", pitch, 0, N_NOTES - 1)
        require("layer", layer, 0, N_LAYERS - 1)
        return self._publish(pitch, note, layer)

    def publish_onward(self, pitch: int, note: NoteInfo | None, layer: int = 0) -> bool:
        """Say which note the held notes of a key go on with, in its phases; from any thread.

        New strikes do not play it. A crop is taken up only by voices whose place it covers. None
        takes it away; what sounds goes on.

        Raises:
            ValueError: As `publish`.
        """
        require("pitch", pitch, 0, N_NOTES - 1)
        require("layer", layer, 0, N_LAYERS - 1)
        return self._publish(N_NOTES + pitch, note, layer)

    def _publish(self, box: int, note: NoteInfo | None, layer: int) -> bool:
        if note is None:
            self._put_note(layer, box, None)
            return True
        require("slot", note.slot, 0, self._pool.n_slots - 1)
        require("n_frames", note.n_frames, 1, self._pool.n_frames)
        finite("gain", note.gain)
        finite("loop_gain", note.loop_gain)
        if note.loop_end:
            require("loop_end", note.loop_end, SHORTEST_LOOP, note.n_frames)
            require("loop_start", note.loop_start, 0, note.loop_end - SHORTEST_LOOP)
        require("first_frame", note.first_frame, 0, note.n_frames - 1)
        self._pool.prefault(note.slot, self._pool.n_frames if note.loop_end else note.n_frames)
        self._put_note(layer, box, note)
        return True

    def held_voices(self) -> list[HeldVoice]:
        """Say what the voices play whose keys or pedals are down; from any thread.

        A moment may have passed for some of them and not yet for others.
        """
        m = self._machine
        return held_voices(m.voices, m.readers)

    def _put_note(self, layer: int, box: int, note: NoteInfo | None) -> None:
        has_note, note = int(note is not None), note or NoteInfo(0, 0)
        with self._lock:
            put_note(
                self._machine.mail,
                self._machine.state[0],
                layer,
                box,
                has_note,
                note.slot,
                note.n_frames,
                note.loop_start,
                note.loop_end,
                float(note.loop_gain),
                float(note.gain),
                note.first_frame,
                note.later,
                note.timbre,
                int(note.is_followed),
            )

    def process(self, out: NDArray[np.float32]) -> None:
        """Make the next block: a function of the events and notes so far, and of nothing else.

        Args:
            out: float32 [frame, 2], C-contiguous, any number of frames; overwritten.

        Raises:
            ValueError: If `out` is no such array.
        """
        if out.dtype != _FLOAT32 or out.ndim != 2 or out.shape[1] != 2:
            raise ValueError(f"out must be float32 [frame, 2], not {out.dtype} {list(out.shape)}")
        flags = out.flags
        if not flags.c_contiguous or not flags.writeable:
            raise ValueError("out must be C-contiguous and writeable")
        self._callback.ctypes(0, out.ctypes.data, len(out), 0, 0, self._userdata)

    def test_tone(self) -> None:
        """Play a short sound that needs no note, through the volume."""
        self._put(ring.TEST_TONE, 0, 0.0)

    def play_clip(self, slot: int, n_frames: int) -> None:
        """Play a recording that lies in the pool once, through the volume.

        Args:
            slot: Where it lies; must not be written before another one plays.
            n_frames: Of it.

        Raises:
            ValueError: If the pool has no such slot or not so many frames.
        """
        require("slot", slot, 0, self._pool.n_slots - 1)
        require("n_frames", n_frames, 1, self._pool.n_frames)
        self._pool.prefault(slot, n_frames)
        self._put(ring.CLIP, slot, float(n_frames))

    def counters(self) -> EngineCounters:
        """Say what was counted; the peaks start anew."""
        state = self._machine.state[0]
        peak_left, peak_right = float(state["peak_left"]), float(state["peak_right"])
        state["peak_left"] = state["peak_right"] = 0.0
        return EngineCounters(
            blocks=int(state["blocks"]),
            late_blocks=int(state["late_blocks"]),
            underflows=int(state["underflows"]),
            dropped_events=self._dropped,
            stolen=int(state["stolen"]),
            broken=int(state["broken"]),
            n_voices=int(state["n_sounding"]),
            load=float(state["load"]),
            peak_left=peak_left,
            peak_right=peak_right,
        )

    def echo_seconds(self) -> float:
        """Say how long the output may be silent and still have an echo to come."""
        state = self._machine.state[0]
        if not (state["targets"][P_DELAY_MIX] > 0.0 or state["values"][P_DELAY_MIX] > 0.0):
            return 0.0
        targets = state["targets"]
        seconds, division, tempo = (
            targets[row] for row in (P_DELAY_TIME, P_DELAY_DIVISION, P_TEMPO)
        )
        n_frames = delay_frames(seconds, int(division), tempo, self.sample_rate)
        return frames_to_seconds(n_frames, self.sample_rate)

    def slots_in_use(self) -> set[int]:
        """Give the pool's slots that a key offers or a voice still reads.

        The order of reading matters: a slot goes from a mailbox to a key to a voice, so that one
        on its way is seen at least once.
        """
        m = self._machine
        n_layers = int(m.state[0]["n_layers"])
        slots = set(np.unique(m.mail["slot"][:n_layers]).tolist())
        slots |= set(np.unique(m.keys["slot"][:n_layers]).tolist())
        slots |= {int(slot) for slot in m.readers["slot"].ravel()}
        return slots - {0}

    def reset(self) -> None:
        """Fall silent at once and forget what waits; only while no stream runs."""
        m = self._machine
        m.state[0]["ring_read"] = self._sequence
        m.state[0]["tone_left"] = m.state[0]["left_over"] = 0
        m.state[0]["clip_left"][:] = 0
        forget_playing(m)
        for array in (m.voices, m.readers):
            array[...] = np.zeros((), array.dtype)
        forget_effects(m)
        self._memory[:] = 0.0
