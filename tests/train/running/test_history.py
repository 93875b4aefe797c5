"""Models published on the way: which stay, and that each is whole."""

import errno
import itertools
import json
import math
import shutil
from pathlib import Path

import pytest

from model.checkpoint import write_model
from model.config import ModelConfig, NetworkConfig
from model.warped import WarpedConfig
from train.datasets.notes import DatasetError
from train.running import history
from train.running.history import History

WARPED = WarpedConfig()


def write(folder: Path, seen: int, off_db: float | None = None) -> Path:
    """Write a model as a run publishes it, without weights."""
    figures = {"examples_seen": float(seen)}
    config = ModelConfig(
        name="run",
        sample_rate=WARPED.sample_rate,
        n_samples=WARPED.n_samples,
        representation="warped",
        network=NetworkConfig(output="skip"),
        warped=WARPED,
        figures=figures if off_db is None else figures | {"held_out_off_db": off_db},
    )
    write_model(folder, config, {})
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return History(tmp_path / "history")


def places(kept: History) -> list[int]:
    return [int(path.name.removeprefix("notes-")) for path in kept.paths()]


def publish(kept: History, seen: int, off_db: float | None = None, n_kept: int = 8) -> None:
    kept.keep(write(kept.folder.parent / "model", seen, off_db), seen, n_kept)


def test_a_kept_model_is_the_one_that_was_published(kept: History) -> None:
    publish(kept, 600, 4.5)
    (path,) = kept.paths()
    for name in ("config.json", "weights.safetensors"):
        assert (path / name).read_bytes() == (kept.folder.parent / "model" / name).read_bytes()
    assert json.loads((path / "config.json").read_text())["figures"]["held_out_off_db"] == 4.5


def test_those_that_stay_lie_evenly_in_the_logarithm_of_the_notes_seen(kept: History) -> None:
    for seen in range(100, 10_001, 100):
        publish(kept, seen)
    stay = places(kept)
    assert len(stay) == 8
    assert (stay[0], stay[-1]) == (100, 10_000)
    ratios = [after / before for before, after in itertools.pairwise(stay[:-1])]
    even = math.exp(math.log(10_000 / 100) / 7)
    assert even / 2 < min(ratios) <= max(ratios) < 2 * even


def test_the_nearest_to_held_out_notes_stays(kept: History) -> None:
    for seen in range(100, 5_001, 100):
        publish(kept, seen, 3.0 if seen == 1_300 else 4.0, n_kept=4)
    stay = places(kept)
    assert len(stay) == 4
    assert {100, 1_300, 5_000} < set(stay)


def test_one_model_is_the_newest_and_none_is_none(kept: History) -> None:
    publish(kept, 100, n_kept=1)
    publish(kept, 200, n_kept=1)
    assert places(kept) == [200]
    publish(kept, 300, n_kept=0)
    assert places(kept) == []


def test_large_models_are_fewer(kept: History, monkeypatch) -> None:
    publish(kept, 100)
    size = (kept.paths()[0] / "weights.safetensors").stat().st_size
    monkeypatch.setattr(history, "MAXIMUM_BYTES", 3 * size)
    for seen in (200, 300, 400, 500):
        publish(kept, seen)
    assert len(places(kept)) == 3
    assert {100, 500} < set(places(kept))


def test_the_same_place_is_kept_once(kept: History) -> None:
    publish(kept, 100, 5.0)
    publish(kept, 100, 4.0)
    (path,) = kept.paths()
    assert json.loads((path / "config.json").read_text())["figures"]["held_out_off_db"] == 4.0
    assert not (path / "old").exists()


def test_a_run_that_goes_another_way_lets_go_of_what_came_after(kept: History) -> None:
    for seen in (100, 200, 300):
        publish(kept, seen)
    kept.rewind(200)
    assert places(kept) == [100, 200]


def test_a_full_disk_leaves_no_half_of_a_model(kept: History, monkeypatch) -> None:
    publish(kept, 100)
    copy = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        if source.name == "weights.safetensors":
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(DatasetError, match=r"notes-000000200: the disk is full"):
        publish(kept, 200)
    assert [path.name for path in kept.folder.iterdir()] == ["notes-000000100"]


def test_what_a_killed_process_left_is_cleared_away(kept: History) -> None:
    left = kept.folder / ".left"
    left.mkdir(parents=True)
    (kept.folder / "notes-000000050").mkdir()  # by hand, without a model
    publish(kept, 100)
    assert places(kept) == [100]
    assert not left.exists()
