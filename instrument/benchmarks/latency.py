"""From key to sound through JACK; and who drops more blocks, the instrument or a bare C client."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypeVar

import numpy as np

from instrument.options import InstrumentOptions
from instrument.values.events import AnyEvent, SetParameter
from instrument.values.status import AudioSettings, Status, Timing

from .bare_client import bare_client
from .jack_dummy import JackServer, jack_server
from .key_probe import BenchError, KeyProbe, environment_of, percentiles, recording

__all__ = ["BenchError", "Player", "bench_latency"]

NOTES = (60, 62, 64, 65, 67, 69, 71, 72)
DOWN_SECONDS = 0.04
PAUSE_SECONDS = (0.1, 0.12)  # drawn anew each time, so that no beat with the period arises
LONGEST_SECONDS = 0.1
READY_SECONDS = 300.0
BUSY_SECONDS = 60.0


class Player(Protocol):
    """What is measured: an instrument, with a window or without one."""

    def status(self) -> Status:
        """Say how everything stands."""

    def post(self, event: AnyEvent) -> None:
        """Play."""

    def close(self) -> None:
        """End it."""


P = TypeVar("P", bound=Player)


def bench_latency(
    block: int = 128,
    n_notes: int = 250,
    *,
    start: Callable[[InstrumentOptions], P],
    begin: Callable[[P], None] | None = None,
    timing: Timing = "auto",
) -> dict[str, Any]:
    """Measure the way from a MIDI message to its sound.

    A keyboard sends notes through JACK MIDI to the instrument, in its own process as the window
    starts it; another process records what it plays. A sound card's own latency comes on top.

    Args:
        block: Frames a period.
        n_notes: How many notes are played.
        start: Starts the instrument (`InstrumentClient`), perhaps with a window.
        begin: Called when all notes are there: what begins to keep the machine busy. It is then
            measured for a minute at least.
        timing: As in `AudioSettings`.

    Returns:
        `block`, `sample_rate`, `timing`, `notes`, `lost`; `ms` and `periods` {p50, p99};
        `spread_ms`, from the 1st to the 99th percentile; `dropped_blocks` and `seconds`;
        `bare_c_dropped_blocks`: what a client in C that does nothing lost at the same time on a
        server of its own with a recorder of its own, or None where there is no C compiler.

    Raises:
        JackServerError: If no server can be started.
        BenchError: If the instrument does not play.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("The latency is measured with JACK's dummy driver, on Linux only.")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="timbrepad-bench-")))
        server = stack.enter_context(jack_server(block))
        stack.enter_context(environment_of(server))
        probe = stack.enter_context(KeyProbe())
        player = stack.enter_context(
            _ready(start, AudioSettings(block=block, timing=timing), folder)
        )
        bare = stack.enter_context(bare_client(block, folder))
        if bare:  # the recorder at the instrument's output costs blocks, too
            stack.enter_context(recording(bare.server, folder / "bare.npz"))
        if begin:
            begin(player)
        before, began = player.status().dropped_blocks, time.monotonic()
        probe.forget()
        _play(server, probe, n_notes, folder, BUSY_SECONDS if begin else 0.0)
        seconds = time.monotonic() - began
        dropped = player.status().dropped_blocks - before
        bare_dropped = None if bare is None else bare.count()
        latencies, heard = probe.latencies(_file(folder), LONGEST_SECONDS)
    return {
        "block": block,
        "sample_rate": heard.sample_rate,
        "timing": timing,
        "notes": n_notes,
        "lost": n_notes - len(latencies),
        "ms": percentiles(1000 * latencies),
        "spread_ms": round(float(np.ptp(np.percentile(1000 * latencies, (1, 99)))), 2),
        "periods": percentiles(latencies * heard.sample_rate / block),
        "dropped_blocks": dropped,
        "seconds": round(seconds, 1),
        "bare_c_dropped_blocks": bare_dropped,
    }


@contextlib.contextmanager
def _ready(
    start: Callable[[InstrumentOptions], P], audio: AudioSettings, folder: Path
) -> Iterator[P]:
    """Start the instrument and wait until it hears the keyboard and all its notes are made."""
    player = start(InstrumentOptions(audio=audio, data_folder=str(folder), remember=False))
    try:
        end = time.monotonic() + READY_SECONDS
        while True:
            status = player.status()
            if status.audio.running and status.midi_inputs and 0 < status.n_notes == status.n_fresh:
                break
            if time.monotonic() > end:
                said = "; ".join(notice.text for notice in status.notices)
                raise BenchError(f"The instrument is not ready after {READY_SECONDS:.0f} s. {said}")
            time.sleep(0.05)
        # A sound that begins and ends at once; its level matters not.
        for name, value in {"attack": 0.001, "release": 0.005, "volume": 0.0}.items():
            player.post(SetParameter(name=name, value=value))
        time.sleep(1.0)
        yield player
    finally:
        player.close()


def _play(
    server: JackServer, probe: KeyProbe, n_notes: int, folder: Path, least_seconds: float
) -> None:
    random, began = Random(0), time.monotonic()
    with recording(server, _file(folder)):
        for number in range(n_notes):
            probe.strike(NOTES[number % len(NOTES)], DOWN_SECONDS)
            time.sleep(random.uniform(*PAUSE_SECONDS))
        time.sleep(max(0.0, began + least_seconds - time.monotonic()))


def _file(folder: Path) -> Path:
    return folder / "recording.npz"
