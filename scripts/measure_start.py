"""Measure how long Timbrepad takes to show its window and to play its first note.

    python scripts/measure_start.py

On a virtual screen and a JACK server without a card (Linux; Xvfb, xdotool and jackd2). The first
start is not counted: it fills the caches, the keyboard's among them. Prints JSON: seconds from
starting the command, for each of the following starts.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rtmidi

from instrument.benchmarks.jack_dummy import JackServer, jack_server
from instrument.benchmarks.jack_recorder import read_recording

N_STARTS = 4
FILL_SECONDS = 15.0  # until the keyboard of the first start is on disk
MAXIMUM_SECONDS = 60.0
KEY_SECONDS = 0.05
NOTE = 60
AUDIBLE = 1e-4


def main() -> None:
    """Start Timbrepad some times and print what was measured."""
    screen = subprocess.Popen(
        ["Xvfb", ":97", "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        stderr=subprocess.DEVNULL,
    )
    try:
        with jack_server() as server, tempfile.TemporaryDirectory() as folder:
            os.environ.update(server.environment)
            environment = {
                **server.environment,
                "DISPLAY": ":97",
                "QT_QPA_PLATFORM": "xcb",
                "TIMBREPAD_DATA_DIR": folder,
            }
            keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Keyboard")
            keyboard.open_virtual_port("keys")
            starts = [
                _start(server, keyboard, environment, Path(folder), fill=number == 0)
                for number in range(N_STARTS)
            ]
            keyboard.delete()
    finally:
        screen.terminate()
        screen.wait()
    windows, notes = zip(*starts[1:], strict=True)
    json.dump({"window_seconds": windows, "first_note_seconds": notes}, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _start(
    server: JackServer,
    keyboard: rtmidi.MidiOut,
    environment: dict[str, str],
    folder: Path,
    *,
    fill: bool,
) -> tuple[float, float]:
    """Start once; gives the seconds to the window and to the first sound."""
    file = folder / "heard.npz"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "instrument.benchmarks.jack_recorder", str(file)],
        env=server.environment,
        stderr=subprocess.PIPE,
    )
    assert recorder.stderr is not None
    recorder.stderr.readline()
    begun = time.monotonic()
    program = subprocess.Popen([sys.executable, "-m", "timbrepad", "play"], env=environment)
    shown = _wait_for_window(environment, begun)
    end = time.monotonic() + (FILL_SECONDS if fill else 5.0)
    while time.monotonic() < end:  # somebody who cannot wait to play
        keyboard.send_message([0x90, NOTE, 100])
        time.sleep(KEY_SECONDS)
        keyboard.send_message([0x80, NOTE, 0])
        time.sleep(KEY_SECONDS)
    program.send_signal(signal.SIGTERM)
    program.wait()
    recorder.terminate()
    recorder.wait()
    heard = read_recording(file)
    sounding = np.flatnonzero(np.abs(heard.wave) > AUDIBLE)
    assert len(sounding), "nothing was heard"
    return round(shown, 2), round(heard.moment_of(int(sounding[0])) - begun, 2)


def _wait_for_window(environment: dict[str, str], begun: float) -> float:
    look = ["xdotool", "search", "--onlyvisible", "--name", "Timbrepad"]
    while subprocess.run(look, env=environment, capture_output=True, check=False).returncode:
        assert time.monotonic() - begun < MAXIMUM_SECONDS, "no window"
        time.sleep(0.01)
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
