"""Training sets of real, tiny notes: what is held out, made once, refused."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import torch

from train.datasets.dataset import is_held_out, read_training_set
from train.datasets.notes import DatasetError
from train.recipes.config import WarmStartConfig
from train.recipes.drawing import Notes
from train.running.session import train


@pytest.fixture
def data(notes_folder: Path, quick: WarmStartConfig, tmp_path_factory):
    return read_training_set([notes_folder], quick.transform, notes_folder / "cache")


def test_held_out_notes_are_never_drawn(data, quick: WarmStartConfig) -> None:
    held_out = data.held_out
    assert 0 < int(held_out.sum()) < len(held_out)
    notes = Notes(data, quick.seed, 0, torch.device("cpu"))
    assert not bool(held_out[notes.trained].any())
    assert all(not bool(held_out[n].any()) for n in notes.of_pitch.values())


def test_holding_out_depends_on_instrument_and_pitch_alone(data) -> None:
    for example in data.examples:
        louder = type(example)(**{**vars(example), "velocity": 127, "note": 999})
        assert is_held_out(example) == is_held_out(louder)


def test_levels_are_kept_relative_to_the_loudest(data) -> None:
    assert data.level_db.max() == 0
    assert data.level_db.min() == -6


def test_specgrams_are_made_once(notes_folder: Path, quick: WarmStartConfig, tmp_path) -> None:
    calls: list[int] = []
    for _ in range(2):
        read_training_set(
            [notes_folder], quick.transform, tmp_path, lambda done, total, what: calls.append(done)
        )
    assert calls == [8, 15]


def test_equal_names_are_told_apart(notes_folder: Path, quick: WarmStartConfig, tmp_path) -> None:
    shutil.copytree(notes_folder, tmp_path / "again")
    data = read_training_set([notes_folder, tmp_path / "again"], quick.transform, tmp_path / "c")
    assert [t.name for t in data.timbres][2:4] == ["Plucked", "Pure 2"]


def test_bad_notes_leave_no_run_behind(quick: WarmStartConfig, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError):
        train([tmp_path / "empty"], tmp_path / "run", quick)
    assert not (tmp_path / "run" / "config.json").exists()


def test_notes_of_another_rate_are_refused(notes_folder: Path, quick, tmp_path) -> None:
    shutil.copytree(notes_folder, tmp_path / "n")
    path = tmp_path / "n" / "examples.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps({n: {**row, "sample_rate": 16000} for n, row in rows.items()}))
    with pytest.raises(DatasetError, match="is at 16000 Hz; training needs 32000 Hz"):
        read_training_set([tmp_path / "n"], quick.transform, tmp_path / "c")


def test_held_out_shares_are_about_an_eighth() -> None:
    hits = np.mean([_held(i, p) for i in range(100) for p in range(24, 85)])
    assert 0.11 < hits < 0.14


def _held(instrument: int, pitch: int) -> bool:
    return is_held_out(SimpleNamespace(instrument_str=f"x_{instrument}", pitch=pitch))  # type: ignore[arg-type]


def test_notes_at_another_rate_than_the_representations_are_refused(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    config = msgspec.structs.replace(quick, representation="M26hn-48k")
    with pytest.raises(DatasetError, match="training needs 48000 Hz"):
        train([notes_folder], tmp_path / "run", config)


def test_representation_without_harmonic_bands_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of M20hn, F, M28hn, M26hn-48k, not mel"):
        WarmStartConfig(representation="mel")
