"""What the window costs while it is played: frames a second, and its share of one core.

The instrument runs in its own process as always. Without a sound output its engine rests, so level,
voices and spectrum are then made up, and move at each status as they do when it plays.
"""

import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPaintEvent

from gui.pad.latent_pad import LatentPad
from instrument import (
    InstrumentInterface,
    InstrumentOptions,
    NoteOff,
    NoteOn,
    PresetLibrary,
    Status,
    start_instrument,
)

from .app import make_application, make_window
from .bridge import Bridge
from .exercise import Finger
from .main_window import MainWindow
from .pictures import wait_until

READY_SECONDS = 120.0
SETTLE_SECONDS = 2.0
CHORDS = ((48, 60, 64, 67), (45, 57, 60, 64), (41, 53, 57, 60), (43, 55, 59, 62))
CHORD_SECONDS = 0.5
N_BANDS = 72


class _Frames:
    """Counts how often the pad is painted, and how long that takes."""

    def __init__(self, pad: LatentPad) -> None:
        self.times: list[float] = []
        self.seconds: list[float] = []
        self._paint: Callable[[QPaintEvent], None] = pad.paintEvent
        pad.paintEvent = self._count  # type: ignore[assignment,method-assign]

    def _count(self, event: QPaintEvent) -> None:
        begun = time.perf_counter()
        self._paint(event)
        self.times.append(begun)
        self.seconds.append(time.perf_counter() - begun)


def bench_window(
    seconds: float,
    size: tuple[int, int],
    start: Callable[[], InstrumentInterface] | None = None,
) -> dict[str, Any]:
    """Play chords and drag the pad without rest, and measure the window's process.

    Args:
        seconds: How long.
        size: Of the window, in pixels.
        start: Starts the instrument; None is the usual one, with no files of the player's.

    Returns:
        `frames_per_second` of the pad; `slowest_ms`, the 99th percentile between two of them;
        `paint_ms` of one, in the median; `share_of_core`, the process's time on all its threads;
        `idle_share_of_core`, the same while nothing is played; the size, the scale factor,
        the platform ("offscreen" paints as a screen does, but shows nothing), and whether there
        was a sound output.
    """
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = make_application()
    with tempfile.TemporaryDirectory() as data:
        options = InstrumentOptions(data_folder=data, remember=False, bake=False)
        library = PresetLibrary(Path(data) / "presets")
        window, bridge = make_window(start or (lambda: start_instrument(options)), library)
        window.resize(*size)
        window.show()
        wait_until(lambda: bridge.state == "playing", READY_SECONDS)
        wait_until(lambda: bridge.status.n_fresh >= bridge.status.n_notes > 0, READY_SECONDS)
        has_output = bridge.status.audio.running
        idle = _share_of_core(lambda: _live(SETTLE_SECONDS))
        figures = _measure(window, bridge, seconds, is_made_up=not has_output)
        window.close_for_good()
        bridge.end()
    return {
        **figures,
        "idle_share_of_core": round(idle, 3),
        "size": list(size),
        "scale": window.devicePixelRatioF(),
        "platform": application.platformName(),
        "sound_output": has_output,
    }


def _measure(
    window: MainWindow, bridge: Bridge, seconds: float, *, is_made_up: bool
) -> dict[str, Any]:
    finger = Finger(window.pad)
    if is_made_up:
        _make_up(bridge)
    finger.timer.start()
    _live(SETTLE_SECONDS)
    frames = _Frames(window.pad)
    begun = time.perf_counter()
    share = _share_of_core(lambda: _play(bridge, seconds))
    lasted = time.perf_counter() - begun
    finger.timer.stop()
    gaps = [1000 * (b - a) for a, b in zip(frames.times, frames.times[1:], strict=False)]
    return {
        "frames_per_second": round(len(frames.times) / lasted, 1),
        "slowest_ms": round(statistics.quantiles(gaps, n=100)[-1], 1) if len(gaps) > 1 else 0.0,
        "paint_ms": round(1000 * statistics.median(frames.seconds or [0.0]), 2),
        "share_of_core": round(share, 3),
    }


def _play(bridge: Bridge, seconds: float) -> None:
    end, place = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        chord = CHORDS[place % len(CHORDS)]
        for note in chord:
            bridge.post(NoteOn(note=note, velocity=70 + 8 * (place % 5)))
        _live(min(CHORD_SECONDS, end - time.monotonic()))
        for note in chord:
            bridge.post(NoteOff(note=note))
        place += 1


def _live(seconds: float) -> None:
    """Let the window live as its own loop does: it sleeps until there is something to do."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * max(seconds, 0.0)), loop.quit)
    loop.exec()


def _share_of_core(work: Callable[[], None]) -> float:
    """Give the processor's time that this process takes meanwhile, of all that one core has."""
    begun, used = time.perf_counter(), time.process_time()
    work()
    return (time.process_time() - used) / (time.perf_counter() - begun)


def _make_up(bridge: Bridge) -> None:
    """Let each status look like one of an instrument that sounds."""
    instrument = bridge.instrument
    assert instrument is not None
    status, count = instrument.status, 0

    def sounding() -> Status:
        nonlocal count
        count += 1
        level = 0.4 + 0.3 * math.sin(0.4 * count)
        bands = (
            max(0, round(210 * math.exp(-i / 45) * abs(math.sin(0.7 * i + 0.05 * count))))
            for i in range(N_BANDS)
        )
        return msgspec.structs.replace(
            status(),
            peak_left=level,
            peak_right=0.9 * level,
            true_peak_left=1.02 * level,
            true_peak_right=0.93 * level,
            spectrum=bytes(bands),
            n_voices=4 + count // 30 % 9,
            load=0.08 + 0.01 * (count // 10 % 3),
        )

    instrument.status = sounding  # type: ignore[method-assign]
