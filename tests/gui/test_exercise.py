"""The window that a benchmark holds: it says its status, takes events and drags its pad."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instrument.benchmarks.window_player import WindowPlayer
from instrument.options import InstrumentOptions
from instrument.values.events import SetParameter

SECONDS = 60.0


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WindowPlayer]:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    options = InstrumentOptions(
        audio=None, midi_port="", data_folder=str(tmp_path), bake=False, remember=False
    )
    player = WindowPlayer([sys.executable, "-m", "gui.exercise"], options)
    yield player
    player.close()


def wait_for(said: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not said():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_plays_rests_until_told_and_then_drags_the_pad(player: WindowPlayer) -> None:
    wait_for(lambda: player.status().model is not None)
    place = player.status().pad_x, player.status().pad_y
    player.post(SetParameter(name="volume", value=-12.0))
    wait_for(lambda: player.status().parameters["volume"] == -12.0)
    assert (player.status().pad_x, player.status().pad_y) == place
    player.begin()
    places: set[float] = set()

    def moved() -> bool:
        places.add(player.status().pad_x)
        return len(places) > 5

    wait_for(moved)
