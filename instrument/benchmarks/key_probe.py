"""Keys sent through JACK MIDI, and when each is first heard at the output."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rtmidi
from numpy.typing import NDArray

from .jack_dummy import JackServer
from .jack_recorder import Recording, read_recording

HEARD = 1e-5  # -100 dB
TIMEOUT_SECONDS = 30.0
_SETTLE_SECONDS = 0.5


class BenchError(Exception):
    """Latency can't be measured here; the message says what to do."""


@contextlib.contextmanager
def environment_of(server: JackServer) -> Iterator[None]:
    """Make this process and those that it starts clients of a server."""
    former = dict(os.environ)
    os.environ.update(server.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


@contextlib.contextmanager
def recording(server: JackServer, file: Path) -> Iterator[None]:
    """Record what is played on a server, in a process of its own; then the file is whole.

    Raises:
        BenchError: If the recorder does not start.
    """
    recorder = subprocess.Popen(
        [sys.executable, "-m", "instrument.benchmarks.jack_recorder", str(file)],
        env=server.environment,
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
    )
    assert recorder.stderr is not None
    try:
        if not recorder.stderr.readline().startswith(b"recording"):
            raise BenchError("The recorder does not start: it needs JACK-Client. Run: make setup")
        time.sleep(_SETTLE_SECONDS)
        yield
        recorder.terminate()
        recorder.wait(TIMEOUT_SECONDS)
    finally:
        recorder.kill()
        recorder.communicate()


class KeyProbe:
    """A keyboard on a JACK server, which finds its keys in a recording of the output.

    All clocks are time.monotonic. Open the keyboard before the instrument starts, so that the
    instrument finds it.
    """

    def __init__(self) -> None:
        """Open the keyboard, on the server of this process's environment."""
        self._keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Bench")
        self._keys.open_virtual_port("keys")
        self._moments: list[float] = []

    def close(self) -> None:
        """Take the keyboard away."""
        self._keys.close_port()
        self._keys.delete()

    def __enter__(self) -> "KeyProbe":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def strike(self, note: int, seconds: float) -> None:
        """Hold a key for a time; the moment is remembered."""
        self._moments.append(time.monotonic())
        self._keys.send_message([0x90, note, 100])
        time.sleep(seconds)
        self._keys.send_message([0x80, note, 64])

    @property
    def moments(self) -> tuple[float, ...]:
        """When each key was struck, on time.monotonic."""
        return tuple(self._moments)

    def forget(self) -> None:
        """Forget the keys struck so far, before a new recording."""
        self._moments.clear()

    def latencies(self, file: Path, longest: float) -> tuple[NDArray[np.float64], Recording]:
        """Find when each note is first heard after its key was struck.

        A note that is not heard, or that begins before the former one has ended, is left out.

        Args:
            file: What `recording` wrote.
            longest: Seconds; what comes later belongs to the next key.

        Returns:
            float64 [note], in seconds; and the recording.
        """
        recording = read_recording(file)
        latencies = []
        for moment in self._moments:
            first = round(recording.seconds_of(moment) * recording.sample_rate)
            last = first + round(longest * recording.sample_rate)
            loud = np.flatnonzero(np.abs(recording.wave[first:last]) > HEARD)
            if len(loud) and loud[0] > 0:
                latencies.append(recording.moment_of(first + int(loud[0])) - moment)
        return np.array(latencies), recording


def percentiles(values: NDArray[np.float64]) -> dict[str, float]:
    """Give the median and the 99th percentile as {p50, p99}.

    Raises:
        BenchError: If there are none.
    """
    if not len(values):
        raise BenchError("No note was heard. Try: timbrepad doctor")
    return {f"p{p}": round(float(np.percentile(values, p)), 2) for p in (50, 99)}
