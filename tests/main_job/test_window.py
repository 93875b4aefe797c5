"""The window on a virtual screen, driven with real clicks and keys, and heard through JACK."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from instrument.benchmarks.jack_dummy import JackServer, jack_server
from instrument.presets.preset import Preset, decode_preset
from tests.main_job.listening import listen
from tests.main_job.prelude import PlayedNote
from tests.main_job.processes import (
    Process,
    recording,
    screen,
    timbrepad,
    wait_for,
)
from tests.signals import Samples

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Xvfb and JACK's dummy driver")

CHORD = {"a": 60, "d": 64, "g": 67}  # the computer's keys and the notes that they play
PLACE = (0.8, 0.3)
N_TRIES = 3
HOLD_SECONDS = 1.2


@dataclass(frozen=True)
class Desk:
    """A virtual screen, a JACK server and the player's folder."""

    server: JackServer
    environment: dict[str, str]
    data: Path

    def xdotool(self, *words: object) -> str:
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout

    def where(self) -> dict[str, list[int]]:
        """Say where the pad is: left, top, width, height."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.main_job.where"],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
        places: dict[str, list[int]] = json.loads(done.stdout)
        return places

    def focus(self) -> None:
        """Give the keys to the window; a screen without a window manager does not."""
        found = ["search", "--onlyvisible", "--name", "Timbrepad"]
        wait_for("the window", lambda: bool(self.try_xdotool(*found)), 60.0)
        window = self.xdotool(*found).split()[0]
        self.xdotool("windowfocus", "--sync", window)

    def try_xdotool(self, *words: object) -> str:
        try:
            return self.xdotool(*words)
        except subprocess.CalledProcessError:  # nothing found yet
            return ""

    def preset(self, name: str) -> Preset:
        """Wait for a saved preset and read it."""
        file = self.data / "presets" / f"{name}.json"
        wait_for(str(file), file.exists, 60.0)
        return decode_preset(file.read_bytes(), name)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with jack_server() as server, screen() as display:
        environment = {
            **server.environment,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
        }
        yield Desk(server, environment, tmp_path / "data")


def chord(desk: Desk) -> tuple[Samples, list[PlayedNote]]:
    """Play the chord on the computer's keys; gives what is heard and when the keys went down."""
    with recording(desk.server) as recorder:
        time.sleep(0.5)
        downs = []
        for letter in CHORD:
            downs.append(time.monotonic())
            desk.xdotool("keydown", letter)
            time.sleep(0.15)
        time.sleep(HOLD_SECONDS)
        for letter in CHORD:
            desk.xdotool("keyup", letter)
        time.sleep(0.5)
        heard = recorder.finish()
    notes = [
        PlayedNote(heard.seconds_of(down), HOLD_SECONDS, note)
        for down, note in zip(downs, CHORD.values(), strict=True)
    ]
    return heard.between(downs[0] - 0.2, downs[-1] + HOLD_SECONDS), [
        PlayedNote(note.start_seconds - notes[0].start_seconds + 0.2, HOLD_SECONDS, note.note)
        for note in notes
    ]


def wait_for_sound(desk: Desk, window: Process) -> None:
    """Wait until a key sounds."""

    def sounds() -> bool:
        assert window.status is None, f"the window has ended: {window.lines}"
        desk.focus()
        wave, _ = chord(desk)
        return bool(np.abs(wave).max() > 0.01)

    wait_for("a sound", sounds)


def spectrum(wave: Samples) -> Samples:
    """Give the long-term spectrum of the chord in dB, at most 60 dB below its peak.

    All of the chord: a plucked one has died away before the keys come up.
    """
    _, power = scipy.signal.welch(wave, 48000, nperseg=8192)
    levels = 10 * np.log10(power[: 8192 // 8] + 1e-20)
    return np.maximum(levels, levels.max() - 60).astype(np.float32)


def distance_db(one: Samples, other: Samples) -> float:
    return float(np.abs(spectrum(one) - spectrum(other)).mean())


@contextlib.contextmanager
def playing(desk: Desk, preset: str) -> Iterator[Process]:
    """Start Timbrepad with its window and wait until it plays."""
    with timbrepad(["play", "--preset", preset], desk.environment, desk.data) as window:
        wait_for_sound(desk, window)
        yield window


def drag_pad(desk: Desk) -> None:
    left, top, width, height = desk.where()["pad"]
    place = (round(left + PLACE[0] * width), round(top + (1 - PLACE[1]) * height))
    middle = (left + width // 2, top + height // 2)
    desk.xdotool("mousemove", *middle, "mousedown", 1)
    for step in range(1, 21):
        share = step / 20
        x, y = (round(m + share * (p - m)) for m, p in zip(middle, place, strict=True))
        desk.xdotool("mousemove", x, y)
    desk.xdotool("mouseup", 1)


def save_as(desk: Desk, name: str) -> Preset:
    desk.xdotool("key", "ctrl+shift+s")
    time.sleep(1.0)
    desk.xdotool("key", "ctrl+a", "type", "--delay", 30, name)
    desk.xdotool("key", "Return")
    return desk.preset(name)


def quit_window(desk: Desk, window: Process) -> None:
    for _ in range(6):  # a screen without a window manager may lose the focus, and so the keys
        if desk.try_xdotool("search", "--onlyvisible", "--name", "Timbrepad"):
            desk.focus()
            desk.xdotool("key", "ctrl+q")
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert window.wait_to_end(10.0) == 0
            return
    raise AssertionError("the window stays open")


def test_a_sound_that_is_saved_is_there_again_at_the_next_start(desk: Desk) -> None:
    with playing(desk, "Wooden rain") as window:
        drag_pad(desk)
        time.sleep(15.0)  # the keys follow
        for _ in range(N_TRIES):  # a machine that stalls moves an onset
            first, notes = chord(desk)
            report = listen(first, 48000, notes, tolerance_seconds=0.06)
            if report.share_right == 1.0:
                break
        assert report.share_right == 1.0, report.wrong
        saved = save_as(desk, "My drag")
        assert abs(saved.pad_x - PLACE[0]) < 0.02
        assert abs(saved.pad_y - PLACE[1]) < 0.02
        quit_window(desk, window)

    with playing(desk, "Four strings") as window:
        other, _ = chord(desk)
        desk.xdotool("key", "ctrl+f", "type", "--delay", 30, "My drag")
        desk.xdotool("key", "Return")
        time.sleep(15.0)
        for _ in range(N_TRIES):
            again, _ = chord(desk)
            if distance_db(first, again) < 0.5 * distance_db(first, other):
                break
        assert distance_db(first, again) < 0.5 * distance_db(first, other)
        opened = save_as(desk, "Opened")
        assert opened.corners == saved.corners
        assert opened.parameters == saved.parameters
        assert (opened.pad_x, opened.pad_y) == (saved.pad_x, saved.pad_y)
        quit_window(desk, window)


def test_without_a_display_one_line_says_so(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    environment |= {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with timbrepad(["play"], environment, tmp_path) as window:
        assert window.wait_to_end(60.0) == 1
        (line,) = window.lines
        assert "There is no display" in line
