"""From a cold key to its sound: keys for which, and near which, nothing was ever made."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from instrument.client import InstrumentClient
from instrument.options import InstrumentOptions
from instrument.values.events import SetParameter
from instrument.values.status import AudioSettings, Freshness

from .jack_dummy import JackServer, jack_server
from .key_probe import BenchError, KeyProbe, environment_of, percentiles, recording

DOWN_SECONDS = 0.15
LONGEST_SECONDS = 0.3
READY_SECONDS = 60.0
_STAND_IN_SEMITONES = 12  # a key with a note so near is not cold: that one stands in


def bench_cold(
    block: int = 128, n_starts: int = 20, on_start: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Measure from a MIDI message to the sound of a key that has no note and no stand-in.

    The instrument is started again and again, each time without kept notes. As soon as its
    renderer has opened the model and begun with the keyboard, on all cores, the lowest or the
    highest key is struck.

    Args:
        block: Frames a period.
        n_starts: How often; each gives one key.
        on_start: Called with (done, total).

    Returns:
        `block`, `sample_rate`, `keys` measured; `ms` {p50, p99} and `longest_ms`.

    Raises:
        JackServerError: If no server can be started.
        BenchError: If the instrument does not play.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("Cold keys are measured with JACK's dummy driver, on Linux only.")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="timbrepad-bench-")))
        server = stack.enter_context(jack_server(block))
        stack.enter_context(environment_of(server))
        probe = stack.enter_context(KeyProbe())
        latencies = []
        for number in range(n_starts):
            if on_start:
                on_start(number, n_starts)
            some, sample_rate = _strike(server, probe, block, folder, which=number % 2)
            latencies.append(some)
    ms = 1000 * np.concatenate(latencies)
    return {
        "block": block,
        "sample_rate": sample_rate,
        "keys": len(ms),
        "ms": percentiles(ms),
        "longest_ms": round(float(ms.max()), 2),
    }


def _strike(
    server: JackServer, probe: KeyProbe, block: int, folder: Path, *, which: int
) -> "tuple[np.typing.NDArray[np.float64], int]":
    """Start an instrument and strike its lowest or highest key; gives seconds and the rate."""
    file = folder / "recording.npz"
    options = InstrumentOptions(
        audio=AudioSettings(block=block), data_folder=str(folder), remember=False, bake=False
    )
    client = InstrumentClient(options)
    try:
        probe.forget()
        with recording(server, file):
            client.post(SetParameter(name="attack", value=0.001))
            client.post(SetParameter(name="volume", value=0.0))
            note = _wait_until_ready(client)[which]
            if _is_cold(client, note):
                probe.strike(note, DOWN_SECONDS)
            time.sleep(LONGEST_SECONDS)
        latencies, heard = probe.latencies(file, LONGEST_SECONDS)
    finally:
        client.close()
    return latencies, heard.sample_rate


def _wait_until_ready(client: InstrumentClient) -> tuple[int, int]:
    """Wait for the renderer; gives the model's lowest and highest pitch."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        status = client.status()
        ready = status.renderer == "ready" and status.audio.running and status.midi_inputs
        if ready and status.model is not None:
            return status.model.lowest_pitch, status.model.highest_pitch
        time.sleep(0.002)
    raise BenchError(f"The instrument is not ready after {READY_SECONDS:.0f} s.")


def _is_cold(client: InstrumentClient, note: int) -> bool:
    freshness = client.status().freshness
    near = freshness[max(0, note - _STAND_IN_SEMITONES) : note + _STAND_IN_SEMITONES + 1]
    return not {Freshness.STALE, Freshness.FRESH} & set(near)
