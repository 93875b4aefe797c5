"""Checkpoints: whole or not at all, the last three and the best, damaged ones passed over."""

from pathlib import Path

import pytest
import torch

from train.datasets.notes import DatasetError
from train.running.checkpoints import Checkpoints, Score, find_not_finite
from train.running.state_file import DamagedFileError, read_state, write_state

STATE = {
    "mean.weight": torch.arange(2000.0).reshape(40, 50),
    "step.weight": torch.tensor([3.0]),
    "half": torch.ones(5, dtype=torch.bfloat16),
    "count": torch.tensor(7),
}


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints")


def names(checkpoints: Checkpoints) -> list[str]:
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_what_was_written_is_read_again(checkpoints: Checkpoints) -> None:
    checkpoints.write(STATE, 12)
    checkpoint = checkpoints.read_newest()
    assert checkpoint is not None
    assert checkpoint.examples_seen == 12
    assert checkpoint.state.keys() == STATE.keys()
    for name, tensor in STATE.items():
        assert torch.equal(tensor, checkpoint.state[name])
        assert tensor.dtype == checkpoint.state[name].dtype


def test_the_last_three_are_kept(checkpoints: Checkpoints) -> None:
    for seen in (8, 900, 1000, 20_000):
        checkpoints.write(STATE, seen)
    assert names(checkpoints) == [f"notes-{n:09d}.safetensors" for n in (900, 1000, 20_000)]


def test_the_best_is_kept_beside_them(checkpoints: Checkpoints) -> None:
    assert checkpoints.best_score() is None
    score = Score("off", 1.25, 6)
    checkpoints.write_best(STATE, 8, score)
    assert checkpoints.best_score() == score
    assert checkpoints.paths() == []


def test_the_best_becomes_the_newest_and_those_after_it_are_set_aside(
    checkpoints: Checkpoints,
) -> None:
    for seen in (16, 24, 32):
        checkpoints.write({**STATE, "count": torch.tensor(seen)}, seen)
    best = {**STATE, "count": torch.tensor(12)}
    checkpoints.write_best(best, 12, Score("off", 1.0, 5))
    checkpoints.return_to_best()
    newest = checkpoints.read_newest()
    assert newest is not None
    assert newest.examples_seen == int(newest.state["count"]) == 12
    assert names(checkpoints) == [
        "best.safetensors",
        "notes-000000012.safetensors",
        "notes-000000016.abandoned",
        "notes-000000024.abandoned",
        "notes-000000032.abandoned",
    ]


def test_there_is_no_way_back_to_a_best_that_is_not_there(checkpoints: Checkpoints) -> None:
    checkpoints.write(STATE, 8)
    with pytest.raises(DatasetError, match=r"best.safetensors can't be read.*without --from-best"):
        checkpoints.return_to_best()


def test_no_checkpoint_is_none(checkpoints: Checkpoints) -> None:
    assert checkpoints.read_newest() is None


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Score("off", 1.0, 5), None),
        (Score("off", 1.0, 5), Score("off", 2.0, 5)),
        (Score("off", 9.0, 6), Score("off", 2.0, 5)),
        (Score("off", 9.0, 5), Score("another measure", 2.0, 5)),
    ],
)
def test_less_is_better_and_a_later_stage_is_better_still(
    better: Score, worse: Score | None
) -> None:
    assert better.beats(worse)
    assert not better.beats(better)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, empty, change])
def test_a_damaged_newest_one_is_told_and_the_one_before_is_taken(
    damage, checkpoints: Checkpoints
) -> None:
    checkpoints.write(STATE, 8)
    damage(checkpoints.write(STATE, 12))
    lines: list[str] = []
    checkpoint = checkpoints.read_newest(lines.append)
    assert checkpoint is not None
    assert checkpoint.examples_seen == 8
    (line,) = lines
    assert "notes-000000012.safetensors is damaged" in line
    assert "the one before, notes-000000008.safetensors" in line
    assert names(checkpoints) == ["notes-000000008.safetensors", "notes-000000012.damaged"]


def test_a_damaged_only_one_is_refused_and_kept(checkpoints: Checkpoints) -> None:
    path = checkpoints.write(STATE, 8)
    cut(path)
    with pytest.raises(DatasetError, match=r"is damaged.*Choose another --run, or delete"):
        checkpoints.read_newest()
    assert path.exists()


def test_one_of_another_version_is_refused(checkpoints: Checkpoints) -> None:
    write_state(checkpoints.folder / "notes-000000008.safetensors", STATE, {"version": "99"})
    with pytest.raises(DatasetError, match="another version"):
        checkpoints.read_newest()


def test_a_full_disk_leaves_the_old_ones(checkpoints: Checkpoints, monkeypatch) -> None:
    checkpoints.write(STATE, 8)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DatasetError, match=r"notes-000000012.safetensors: the disk is full"):
        checkpoints.write(STATE, 12)
    assert names(checkpoints) == ["notes-000000008.safetensors"]


def test_what_a_killed_process_left_half_written_is_removed(checkpoints: Checkpoints) -> None:
    checkpoints.folder.mkdir()
    (checkpoints.folder / ".notes-000000004.safetensors.partial").write_bytes(b"half")
    checkpoints.write(STATE, 8)
    assert names(checkpoints) == ["notes-000000008.safetensors"]


def test_the_first_tensor_that_is_not_finite_is_named() -> None:
    assert find_not_finite(STATE) is None
    assert find_not_finite({**STATE, "bad": torch.tensor([1.0, float("inf")])}) == "bad"


def test_a_file_of_something_else_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_text("not tensors")
    with pytest.raises(DamagedFileError):
        read_state(path)
