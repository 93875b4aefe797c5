"""How evenly notes come: each note's first frame against where it should be, without a device.

Offline the frame of each note is known. Live, a pretended device asks for its blocks a little late,
as real ones do, and notes carry the time at which their key went down.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.values.events import NoteOn, SetParameter

BLOCKS = (32, 64, 128, 256, 441, 512, 1024, 2048)
KEY = 60
CLICK_FRAMES = 480
LEAST_FRAMES, MOST_FRAMES = 4800, 7200  # from one note to the next
LATE_SECONDS = 100e-6  # that the device asks late, on average
LATEST_SECONDS = 1e-3
BEGIN_SECONDS = 1.0  # of the pretended clock; it must lie in the past
SETTLE_SECONDS = 4.0  # in which the steadied clock finds the device's pace


def bench_jitter(n_notes: int = 500, sample_rate: int = 48000) -> dict[str, Any]:
    """Measure how far notes begin from where they should.

    Args:
        n_notes: Played at each block size.
        sample_rate: In Hz.

    Returns:
        `sample_rate`, `notes`; `blocks`: by size `offline_us`, the largest distance from the ideal;
        `even_us` and `quick_us`: the spread of the delay, largest less smallest, in the two live
        timings; and `even_delay_ms`, `quick_delay_ms`: its median.
    """
    results = {}
    for block in BLOCKS:
        even, quick = (_live(block, n_notes, sample_rate, is_even=e) for e in (True, False))
        results[str(block)] = {
            "offline_us": round(_offline(block, n_notes, sample_rate), 1),
            "even_us": round(1e6 * float(np.ptp(even)), 1),
            "quick_us": round(1e6 * float(np.ptp(quick)), 1),
            "even_delay_ms": round(1e3 * float(np.median(even)), 3),
            "quick_delay_ms": round(1e3 * float(np.median(quick)), 3),
        }
    return {"sample_rate": sample_rate, "notes": n_notes, "blocks": results}


class _Clicker:
    """An engine whose one key is a click, loud from its first frame on."""

    def __init__(self, sample_rate: int) -> None:
        self.pool = NotePool(2, CLICK_FRAMES)
        self.pool.write(1, np.ones(CLICK_FRAMES, np.float32))
        self.engine = Engine(sample_rate, self.pool)
        self.engine.publish(KEY, NoteInfo(1, CLICK_FRAMES, sample_rate=sample_rate))
        for name, value in {"attack": 0.001, "release": 0.005, "volume": 0.0}.items():
            self.engine.post(SetParameter(name=name, value=value))
        self.engine.process(np.zeros((sample_rate // 64 * 64, 2), np.float32))

    def close(self) -> None:
        self.pool.close()


def _onsets(wave: NDArray[np.float32]) -> NDArray[np.int64]:
    """Find the frames at which silence ends: int64 [note]."""
    is_loud = np.abs(wave[:, 0]) > 0.0
    return np.flatnonzero(is_loud[1:] & ~is_loud[:-1]) + 1


def _places(n_notes: int) -> NDArray[np.float64]:
    """Draw the notes' places, in frames and parts of them."""
    return np.cumsum(np.random.default_rng(0).uniform(LEAST_FRAMES, MOST_FRAMES, n_notes))


def _offline(block: int, n_notes: int, sample_rate: int) -> float:
    """Give the largest distance of a note from its frame, in microseconds."""
    clicker = _Clicker(sample_rate)
    engine, origin = clicker.engine, clicker.engine.next_frame
    places = np.round(_places(n_notes)).astype(np.int64)
    wave = np.zeros((int(places[-1]) + MOST_FRAMES, 2), np.float32)
    for place in places:
        engine.post(NoteOn(note=KEY, velocity=127), origin + int(place))
    for first in range(0, len(wave), block):
        engine.process(wave[first : first + block])
    clicker.close()
    heard = _onsets(wave)
    assert len(heard) == n_notes, "each note is heard"
    return float(np.abs(heard - places).max() / sample_rate * 1e6)


class PretendedDevice:
    """Asks an engine's callback for blocks, at times that it says itself."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine's callback, and the place of its clock."""
        self.now_seconds = BEGIN_SECONDS
        self._engine = engine
        self._time_info = (ctypes.c_double * 3)()
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_void_p,
        )
        self._callback = kind(engine.callback_address)
        clock = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int64))
        self._clock = clock(self._tell)
        address = ctypes.cast(self._clock, ctypes.c_void_p).value or 0
        engine.use_clock(address)

    def _tell(self, _clock: int, timespec: Any) -> int:
        timespec[0] = int(self.now_seconds)
        timespec[1] = round((self.now_seconds % 1.0) * 1e9)
        return 0

    def ask(self, out: NDArray[np.float32]) -> None:
        """Ask for a block, float32 [frame, 2]."""
        address = ctypes.addressof(self._time_info)
        self._callback(None, out.ctypes.data, len(out), address, 0, self._engine.userdata)


def _live(block: int, n_notes: int, sample_rate: int, *, is_even: bool) -> NDArray[np.float64]:
    """Give each note's delay, in seconds from the key to when its frame goes out.

    A block goes out one block after the time at which it should have been asked for.
    """
    clicker = _Clicker(sample_rate)
    engine = clicker.engine
    engine.use_even_timing(is_even)
    device = PretendedDevice(engine)
    random = np.random.default_rng(1)
    pace = block / sample_rate
    keys = SETTLE_SECONDS + _places(n_notes) / sample_rate
    n_blocks = int((keys[-1] + 0.2) / pace) + 4
    wave = np.zeros((n_blocks * block, 2), np.float32)
    struck = 0
    for number in range(n_blocks):
        late = min(random.exponential(LATE_SECONDS), LATEST_SECONDS)
        asked = number * pace + late
        while struck < n_notes and keys[struck] < asked:
            at = BEGIN_SECONDS + float(keys[struck])
            engine.post(NoteOn(note=KEY, velocity=127, time_seconds=at))
            struck += 1
        device.now_seconds = BEGIN_SECONDS + asked
        device.ask(wave[number * block : (number + 1) * block])
    clicker.close()
    heard = _onsets(wave) / sample_rate
    assert len(heard) == n_notes, "each note is heard"
    return heard + pace - keys
