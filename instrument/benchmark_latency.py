"""From key to sound through JACK; and who drops more blocks, the instrument or a bare C client."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import rtmidi

from .client import InstrumentClient
from .events import MovePad, SetParameter
from .jack_dummy import JackServer, jack_server
from .jack_recorder import Recording, read_recording
from .options import InstrumentOptions
from .status import AudioSettings

PREFERRED_MIDI = "keys"
NOTES = (60, 62, 64, 65, 67, 69, 71, 72)
DOWN_SECONDS = 0.04
PAUSE_SECONDS = (0.1, 0.12)  # drawn anew each time, so that no beat with the period arises
LONGEST_SECONDS = 0.1  # what comes later belongs to the next note
HEARD = 1e-5  # -100 dB
READY_SECONDS = 300.0
BUSY_SECONDS = 60.0
PAD_SECONDS = 0.1
TIMEOUT_SECONDS = 30.0

# A client that does nothing, without JACK's headers: how many xruns does its server tell it of?
_BARE_CLIENT = """
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
void *jack_client_open(const char *, int, int *, ...);
int jack_set_process_callback(void *, int (*)(unsigned, void *), void *);
int jack_set_xrun_callback(void *, int (*)(void *), void *);
void *jack_port_register(void *, const char *, const char *, unsigned long, unsigned long);
void *jack_port_get_buffer(void *, unsigned);
int jack_activate(void *);
int jack_connect(void *, const char *, const char *);
int jack_client_close(void *);
static void *port;
static volatile int n_xruns, ended;
static int process(unsigned n, void *unused) {
  memset(jack_port_get_buffer(port, n), 0, n * sizeof(float));
  return 0;
}
static int xrun(void *unused) { n_xruns++; return 0; }
static void end(int unused) { ended = 1; }
int main(void) {
  void *client = jack_client_open("bare", 1, 0);
  if (!client) return 1;
  signal(SIGTERM, end);
  port = jack_port_register(client, "out", "32 bit float mono audio", 2, 0);
  jack_set_process_callback(client, process, 0);
  jack_set_xrun_callback(client, xrun, 0);
  if (jack_activate(client)) return 1;
  jack_connect(client, "bare:out", "system:playback_1");
  puts("ready");
  fflush(stdout);
  while (!ended) pause();
  printf("%d\\n", n_xruns);
  jack_client_close(client);
  return 0;
}
"""


class BenchError(Exception):
    """Latency can't be measured here; the message says what to do."""


def bench_latency(block: int = 128, n_notes: int = 250, *, busy: bool = False) -> dict[str, Any]:
    """Measure the way from a MIDI message to its sound.

    A keyboard sends notes through JACK MIDI to the instrument, in its own process as the window
    starts it; another process records what it plays. All clocks are time.monotonic. A sound
    card's own latency comes on top.

    Args:
        block: Frames a period.
        n_notes: How many notes are played.
        busy: Move the pad all the time, so that the renderer never rests, beside a process that
            never rests either (as the busiest window would be); for a minute at least.

    Returns:
        `block`, `sample_rate`, `notes`, `lost`; `ms` and `periods` {p50, p99}; `dropped_blocks`
        and `seconds`; `bare_c_dropped_blocks`: what a client in C that does nothing lost at the
        same time on a server of its own, or None where there is no C compiler.

    Raises:
        JackServerError: If no server can be started.
        BenchError: If the instrument does not play.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("The latency is measured with JACK's dummy driver, on Linux only.")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="timbrepad-bench-")))
        server = stack.enter_context(jack_server(block))
        stack.enter_context(_environment(server))
        keys = stack.enter_context(_keyboard())
        instrument = stack.enter_context(_instrument(block, folder))
        bare = stack.enter_context(_bare_client(block, folder))
        if busy:
            stack.enter_context(_never_resting())
        before, began = instrument.status().dropped_blocks, time.monotonic()
        moments, recording = _play(server, keys, instrument, n_notes, folder, busy=busy)
        seconds = time.monotonic() - began
        dropped = instrument.status().dropped_blocks - before
        bare_dropped = None if bare is None else _bare_count(bare)
    latencies_ms = 1000 * _latencies(moments, recording)
    return {
        "block": block,
        "sample_rate": recording.sample_rate,
        "notes": n_notes,
        "lost": n_notes - len(latencies_ms),
        "ms": _percentiles(latencies_ms),
        "periods": _percentiles(latencies_ms * recording.sample_rate / 1000 / block),
        "dropped_blocks": dropped,
        "seconds": round(seconds, 1),
        "bare_c_dropped_blocks": bare_dropped,
    }


def _percentiles(values: "np.typing.NDArray[np.float64]") -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(values, p)), 2) for p in (50, 99)}


@contextlib.contextmanager
def _environment(server: JackServer) -> Iterator[None]:
    """Make this process and those that it starts clients of a server."""
    former = dict(os.environ)
    os.environ.update(server.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


@contextlib.contextmanager
def _keyboard() -> Iterator[rtmidi.MidiOut]:
    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Bench")
    keys.open_virtual_port(PREFERRED_MIDI)
    try:
        yield keys
    finally:
        keys.close_port()
        keys.delete()


@contextlib.contextmanager
def _instrument(block: int, folder: Path) -> Iterator[InstrumentClient]:
    """Start the instrument and wait until it hears the keyboard and all its notes are made."""
    options = InstrumentOptions(
        audio=AudioSettings(block=block), data_folder=str(folder), remember=False
    )
    instrument = InstrumentClient(options)
    try:
        end = time.monotonic() + READY_SECONDS
        while True:
            status = instrument.status()
            if status.audio.running and status.midi_inputs and 0 < status.n_notes == status.n_fresh:
                break
            if time.monotonic() > end:
                said = "; ".join(notice.text for notice in status.notices)
                raise BenchError(f"The instrument is not ready after {READY_SECONDS:.0f} s. {said}")
            time.sleep(0.05)
        # A sound that begins and ends at once; its level matters not.
        for name, value in {"attack": 0.001, "release": 0.005, "volume": 0.0}.items():
            instrument.post(SetParameter(name=name, value=value))
        time.sleep(1.0)
        yield instrument
    finally:
        instrument.close()


def _play(
    server: JackServer,
    keys: rtmidi.MidiOut,
    instrument: InstrumentClient,
    n_notes: int,
    folder: Path,
    *,
    busy: bool,
) -> tuple[list[float], Recording]:
    """Play notes; gives when each was sent and what was heard."""
    file = folder / "recording.npz"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "instrument.jack_recorder", str(file)],
        env=server.environment,
        cwd=Path(__file__).parents[1],
        stderr=subprocess.PIPE,
    )
    assert recorder.stderr is not None
    try:
        if not recorder.stderr.readline().startswith(b"recording"):
            raise BenchError("The recorder does not start: it needs JACK-Client. Run: make setup")
        time.sleep(0.5)
        random, moments, began = Random(0), [], time.monotonic()
        for number in range(n_notes):
            if busy:
                instrument.post(MovePad(x=random.random(), y=random.random()))
            note = NOTES[number % len(NOTES)]
            moments.append(time.monotonic())
            keys.send_message([0x90, note, 100])
            time.sleep(DOWN_SECONDS)
            keys.send_message([0x80, note, 64])
            time.sleep(random.uniform(*PAUSE_SECONDS))
        while busy and time.monotonic() - began < BUSY_SECONDS:
            instrument.post(MovePad(x=random.random(), y=random.random()))
            time.sleep(PAD_SECONDS)
        recorder.terminate()
        recorder.wait(TIMEOUT_SECONDS)
    finally:
        recorder.kill()
        recorder.communicate()
    return moments, read_recording(file)


def _latencies(moments: list[float], recording: Recording) -> "np.typing.NDArray[np.float64]":
    """Find when each note is first heard after it was sent: float64 [note], in seconds.

    A note that is not heard, or that begins before the former one has ended, is left out.
    """
    latencies = []
    for moment in moments:
        first = round(recording.seconds_of(moment) * recording.sample_rate)
        last = first + round(LONGEST_SECONDS * recording.sample_rate)
        loud = np.flatnonzero(np.abs(recording.wave[first:last]) > HEARD)
        if len(loud) and loud[0] > 0:
            latencies.append(recording.moment_of(first + int(loud[0])) - moment)
    if not latencies:
        raise BenchError("No note was heard. Try: timbrepad doctor")
    return np.array(latencies)


@contextlib.contextmanager
def _never_resting() -> Iterator[None]:
    """Run a process that computes all the time."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _bare_client(block: int, folder: Path) -> "Iterator[subprocess.Popen[bytes] | None]":
    """Run a client in C that does nothing on a server of its own; None without a compiler."""
    program = _compiled(folder)
    if program is None:
        yield None
        return
    with jack_server(block) as server:
        client = subprocess.Popen([program], env=server.environment, stdout=subprocess.PIPE)
        assert client.stdout is not None
        client.stdout.readline()
        try:
            yield client
        finally:
            client.kill()
            client.communicate()


def _compiled(folder: Path) -> str | None:
    """Compile the client against the JACK library itself; its headers need not be there."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, program = folder / "bare.c", folder / "bare"
    source.write_text(_BARE_CLIENT)
    done = subprocess.run(
        [compiler, "-o", program, source, "-l:libjack.so.0"], capture_output=True, check=False
    )
    return str(program) if done.returncode == 0 else None


def _bare_count(client: "subprocess.Popen[bytes]") -> int:
    client.terminate()
    output, _ = client.communicate(timeout=TIMEOUT_SECONDS)
    return int(output)
