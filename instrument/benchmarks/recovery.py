"""How soon the sound is back after the sound server has ended and come again at another rate."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instrument.client import InstrumentClient
from instrument.options import InstrumentOptions
from instrument.values.events import NoteOff, NoteOn
from instrument.values.status import AudioSettings

from .jack_dummy import JackServer
from .key_probe import BenchError, environment_of

KEY, VELOCITY = 60, 110
STRIKE_SECONDS = 0.05  # from one key to the next while nothing is heard
HEARD = 1e-3
GONE_SECONDS = 1.0  # that the server is away
READY_SECONDS = 300.0
LONGEST_SECONDS = 30.0
RATES = (44100, 48000, 96000)


def bench_recovery(block: int = 128) -> dict[str, Any]:
    """Let a JACK server end and come back at other rates, and play until a key is heard.

    Args:
        block: Frames a period.

    Returns:
        `block`; `noticed_seconds`: from the server's end to the line that says so, by round;
        `recovered`: by round `sample_rate`, `stream_seconds` and `sound_seconds`, from the moment
        at which the server answers again to the first block and to the first sound of a key.

    Raises:
        JackServerError: If no server can be started.
        BenchError: If the instrument does not play, or does not come back.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("Recovery is measured with JACK's dummy driver, on Linux only.")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="timbrepad-bench-")))
        server = JackServer(block)
        server.start()
        stack.callback(server.end)
        stack.enter_context(environment_of(server))
        player = InstrumentClient(
            InstrumentOptions(
                audio=AudioSettings(block=block), data_folder=str(folder), remember=False
            )
        )
        stack.callback(player.close)
        _wait(lambda: 0 < player.status().n_notes == player.status().n_fresh, READY_SECONDS)
        rounds = [_recover(player, server, rate) for rate in RATES]
    return {
        "block": block,
        "noticed_seconds": [round_.pop("noticed_seconds") for round_ in rounds],
        "recovered": rounds,
    }


def _recover(player: InstrumentClient, server: JackServer, rate: int) -> dict[str, float]:
    server.end()
    ended = time.monotonic()
    _wait(lambda: not player.status().audio.running, LONGEST_SECONDS)
    noticed = time.monotonic() - ended
    time.sleep(GONE_SECONDS)
    server.sample_rate = rate
    server.start()
    began = time.monotonic()
    _wait(lambda: player.status().audio.running, LONGEST_SECONDS)
    streams = time.monotonic() - began

    def sounds() -> bool:
        player.post(NoteOn(note=KEY, velocity=VELOCITY))
        time.sleep(STRIKE_SECONDS)
        player.post(NoteOff(note=KEY))
        return player.status().peak_left > HEARD

    _wait(sounds, LONGEST_SECONDS)
    heard = time.monotonic() - began
    found = player.status().audio.sample_rate
    if found != rate:
        raise BenchError(f"The output runs at {found:g} Hz, not at {rate}. Try: timbrepad doctor")
    return {
        "sample_rate": rate,
        "noticed_seconds": round(noticed, 2),
        "stream_seconds": round(streams, 2),
        "sound_seconds": round(heard, 2),
    }


def _wait(happens: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            raise BenchError(f"The sound is not there after {seconds:.0f} s. Try: timbrepad doctor")
        time.sleep(0.01)
