"""The main job: a piece through a JACK MIDI port into the instrument, and heard at its output."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from instrument.benchmarks.jack_dummy import JackServer, jack_server
from instrument.benchmarks.process_family import renderer_of
from tests.main_job.listening import listen
from tests.main_job.prelude import PlayedNote, prelude, write_prelude
from tests.main_job.processes import (
    Process,
    recording,
    timbrepad,
    wait_for,
)

PRESET = "Nylon shimmer"
TAIL_SECONDS = 4.0
SILENCE = 1e-3
PAD_STEP_SECONDS = 0.25

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK's dummy driver")


class Sender:
    """A MIDI output port on a JACK server, with which a test plays."""

    def __init__(self, server: JackServer) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("sender.py"))],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._answer(), "no MIDI port on the JACK server"

    def send(self, *message: int) -> float:
        """Send a message; gives when, on time.monotonic."""
        assert self._process.stdin is not None
        print(*message, file=self._process.stdin, flush=True)
        return float(self._answer())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def server() -> Iterator[JackServer]:
    with jack_server() as server:
        yield server


@pytest.fixture
def sender(server: JackServer) -> Iterator[Sender]:
    sender = Sender(server)
    yield sender
    sender.close()


@pytest.fixture
def player(server: JackServer, sender: Sender, tmp_path: Path) -> Iterator[Process]:
    arguments = ["play", "--headless", "--preset", PRESET, "--block", "128"]
    with timbrepad(arguments, server.environment, tmp_path / "data") as process:
        process.wait_to_say("Prelude")
        process.wait_to_say("keys are ready")
        yield process


def play(piece: list[PlayedNote], sender: Sender, *, move_pad: bool) -> list[PlayedNote]:
    """Play a piece in time; gives it as it was played, with moments on time.monotonic."""
    messages: list[tuple[float, int, tuple[int, ...], PlayedNote | None]] = []
    for note in piece:
        on, off = (0x90, note.note, note.velocity), (0x80, note.note, 64)
        messages.append((note.start_seconds, 2, on, note))
        messages.append((note.start_seconds + note.length_seconds, 1, off, None))
    if move_pad:
        for step in range(int(piece[-1].start_seconds / PAD_STEP_SECONDS)):
            angle = 2 * math.pi * step * PAD_STEP_SECONDS / 20
            place = (64 + 50 * math.cos(angle), 64 + 50 * math.sin(angle))
            for controller, value in zip((16, 17), place, strict=True):
                message = (0xB0, controller, round(value))
                messages.append((step * PAD_STEP_SECONDS, 0, message, None))
    start = time.monotonic() + 0.1
    played = []
    for due, _, message, note in sorted(messages, key=lambda row: row[:2]):
        time.sleep(max(start + due - time.monotonic(), 0))
        at = sender.send(*message)
        if note is not None:
            played.append(PlayedNote(at, note.length_seconds, note.note, note.velocity))
    return played


def test_the_prelude_through_jack_is_heard_note_for_note_while_the_pad_moves(
    server: JackServer, sender: Sender, player: Process
) -> None:
    with recording(server) as recorder:
        time.sleep(0.5)
        began = time.monotonic()
        played = play(prelude(), sender, move_pad=True)
        ended = time.monotonic()
        time.sleep(TAIL_SECONDS)
        heard = recorder.finish()
    assert ended - began > 60

    placed = [
        PlayedNote(heard.seconds_of(note.start_seconds), note.length_seconds, note.note)
        for note in played
    ]
    report = listen(heard.wave, 48000, placed, tolerance_seconds=0.06)
    # Over JACK an event may be lost when the machine stalls; and a stall shifts what follows.
    assert report.share_right >= 0.97, report.wrong
    assert report.latency_seconds < 0.05
    assert 0.01 < np.abs(heard.wave).max() < 0.99
    assert np.abs(heard.between(began - 0.3, began)).max() < SILENCE, "silent before the first note"
    end = heard.block_seconds[-1]
    assert np.abs(heard.between(end - 0.5, end)).max() < SILENCE, "no note hangs"
    assert player.ask_to_end() == 0


def test_the_same_piece_offline_is_right_note_for_note(tmp_path: Path) -> None:
    song, wave_file = tmp_path / "prelude.mid", tmp_path / "prelude.wav"
    write_prelude(song)
    arguments = ["render", str(song), "-o", str(wave_file), "--preset", PRESET]
    subprocess.run(
        [sys.executable, "-m", "timbrepad", *arguments],
        env={**os.environ, "TIMBREPAD_DATA_DIR": str(tmp_path / "data")},
        check=True,
        timeout=500,
        capture_output=True,
    )
    wave, sample_rate = soundfile.read(wave_file, dtype="float32")
    # The listener's window is 64 ms long: it can't place an onset more finely than half of that.
    report = listen(wave.mean(axis=1), sample_rate, prelude(), tolerance_seconds=0.03)
    assert report.share_right >= 0.99, report.wrong
    assert 0.01 < np.abs(wave).max() < 0.99
    assert np.abs(wave[-2400:]).max() < SILENCE


def loudness(server: JackServer, sender: Sender, note: int) -> float:
    """Play a note and give the largest sample that was heard of it."""
    with recording(server) as recorder:
        time.sleep(0.5)
        start = sender.send(0x90, note, 100)
        time.sleep(0.6)
        sender.send(0x80, note, 64)
        time.sleep(0.4)
        heard = recorder.finish()
    return float(np.abs(heard.between(start, start + 0.9)).max())


def test_the_sound_goes_on_when_the_renderer_is_killed(
    server: JackServer, sender: Sender, player: Process
) -> None:
    first = renderer_of(player.id)
    os.kill(first, signal.SIGKILL)
    assert loudness(server, sender, 60) > 0.01
    assert player.status is None
    # Another one is started, and makes notes: the pad is moved and a key still sounds.
    sender.send(0xB0, 16, 120)
    assert loudness(server, sender, 64) > 0.01
    assert renderer_of(player.id) != first


def test_the_sound_comes_back_after_jackd_has_died(
    server: JackServer, sender: Sender, player: Process
) -> None:
    assert loudness(server, sender, 60) > 0.01
    server.kill()
    player.wait_to_say("has stopped", 30.0)
    assert player.status is None
    n_lines = len(player.lines)
    server.start()
    player.wait_to_say("is there", 60.0)
    keys = Sender(server)
    try:
        wait_for("the keys", lambda: any("Prelude:keys" in x for x in player.lines[n_lines:]), 60.0)
        assert loudness(server, keys, 60) > 0.01
    finally:
        keys.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "No such sound"], "There is no preset"),
        (["--model", "No such model"], "There is no model"),
        (["--audio-device", "No such card"], "No such card"),
    ],
)
def test_an_unknown_name_ends_at_once_with_one_line(
    arguments: list[str], words: str, server: JackServer, tmp_path: Path
) -> None:
    arguments = ["play", "--headless", *arguments]
    with timbrepad(arguments, server.environment, tmp_path / "data") as process:
        assert process.wait_to_end(60.0) in (1, 2)
        (line,) = process.lines
        assert words in line


def test_an_unknown_midi_port_is_said_and_waited_for(server: JackServer, tmp_path: Path) -> None:
    arguments = ["play", "--headless", "--midi-port", "No such keys"]
    with timbrepad(arguments, server.environment, tmp_path / "data") as process:
        process.wait_to_say("No such keys")
        assert process.status is None
