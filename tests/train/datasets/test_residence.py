"""Specgrams on the disk and on the device are the same; where they lie depends on the room."""

from pathlib import Path

import numpy as np
import pytest
import torch

from train.datasets import residence
from train.datasets.residence import MappedSpecgrams, ResidentSpecgrams, hold_specgrams
from train.recipes.seeds import CPU

NOTES = torch.tensor([2, 3, 5, 7])


@pytest.fixture
def specgrams(tmp_path: Path) -> np.ndarray:
    random = np.random.default_rng(0)
    np.save(tmp_path / "s.npy", random.standard_normal((9, 2, 4, 8)).astype(np.float16))
    return np.load(tmp_path / "s.npy", mmap_mode="r")


def test_held_and_mapped_specgrams_are_the_same(specgrams, monkeypatch) -> None:
    monkeypatch.setattr(residence, "_ROWS_AT_ONCE", 3)
    wanted = torch.tensor([7, 2, 2])
    held = ResidentSpecgrams(specgrams, NOTES, CPU).read(wanted)
    mapped = MappedSpecgrams(specgrams, CPU).read(wanted)
    assert torch.equal(held, mapped)
    assert torch.equal(held, torch.from_numpy(specgrams[[7, 2, 2]]).float())
    assert held.dtype == torch.float32


def test_specgrams_stay_on_the_disk_without_a_gpu(specgrams) -> None:
    assert isinstance(hold_specgrams(specgrams, NOTES, CPU), MappedSpecgrams)


@pytest.mark.parametrize(("free", "kind"), [(4 * 128 * 2, "Resident"), (4 * 128 * 2 - 1, "Mapped")])
def test_they_lie_on_a_gpu_with_room_for_those_that_are_learned(
    specgrams, monkeypatch, free: int, kind: str
) -> None:
    made = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free, 1 << 30))
    monkeypatch.setattr(residence, "ResidentSpecgrams", lambda *_: made.append("Resident"))
    monkeypatch.setattr(residence, "MappedSpecgrams", lambda *_: made.append("Mapped"))
    hold_specgrams(specgrams, NOTES, torch.device("cuda"))
    assert made == [kind]
