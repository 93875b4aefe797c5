"""Axes of a latent space: found where they are known, kept in the model, tried on others."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from model.checkpoint import model_hash, read_config
from model.gansynth import GANSynth, ModelError
from model.latent import lean
from tests.train.conftest import RATE, SECONDS
from train.running.axes import MEASURES, keep_axes, measure_axes

LATENT = 6


class Toy:
    """Notes whose brightness is the latent's first number and whose decay is its third."""

    config = SimpleNamespace(prior="gaussian")
    latent_size = LATENT
    pitches = range(24, 85)
    sample_rate = RATE

    def render(self, z: Tensor, pitch: Tensor) -> Tensor:
        seconds = np.arange(RATE * SECONDS) / RATE
        notes = []
        for latent in z.numpy():
            slope = np.exp(-0.7 * latent[0])
            waves = [np.sin(2 * np.pi * 261.63 * h * seconds) / h**slope for h in range(1, 20)]
            notes.append(np.sum(waves, axis=0) * np.exp((latent[2] - 3) * seconds))
        return torch.tensor(np.array(notes), dtype=torch.float32)


def test_directions_that_are_known_are_found() -> None:
    axes, directions = measure_axes(cast(GANSynth, Toy()), n_fitted=120, n_tried=12)
    assert [axis.name for axis in axes] == [measure.name for measure in MEASURES]
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(len(axes)))
    brightness, _, decay, _ = (direction.abs() for direction in directions)
    assert int(brightness.argmax()) == 0
    assert float(directions[0, 0]) > 0.9
    assert int(decay.argmax()) == 2
    assert float(directions[2, 2]) > 0.9
    assert axes[0].correlation > 0.9
    assert axes[0].agreement == 1
    assert 0 < axes[0].sigma < 1


def test_progress_ends_with_all_notes_made() -> None:
    seen: list[tuple[int, int]] = []
    toy = cast(GANSynth, Toy())
    measure_axes(toy, n_fitted=10, n_tried=3, progress=lambda *place: seen.append(place[:2]))
    assert seen[-1][0] == seen[-1][1] == 10 + 3 * 9
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_latent_that_leans_keeps_its_length() -> None:
    z = torch.randn(4, LATENT, generator=torch.Generator().manual_seed(0))
    axes = torch.eye(LATENT)[:2]
    moved = lean(z, axes, torch.tensor([0.5, -0.3]))
    torch.testing.assert_close(moved.norm(dim=1), z.norm(dim=1))
    assert bool((moved[:, 0] / moved.norm(dim=1) > z[:, 0] / z.norm(dim=1)).all())
    torch.testing.assert_close(lean(z, axes, torch.zeros(2)), z)


def test_axes_are_kept_and_change_no_note(draft_copy: Path) -> None:
    before = GANSynth.load(draft_copy)
    axes, directions = measure_axes(before, n_fitted=8, n_tried=2)
    keep_axes(draft_copy, axes, directions)
    after = GANSynth.load(draft_copy)
    assert after.config.axes == axes
    torch.testing.assert_close(after.axes, directions)
    z, pitch = before.latents[:1], torch.tensor([50])
    assert torch.equal(after.specgrams(z, pitch), before.specgrams(z, pitch))


def test_a_model_that_is_measured_stays_in_its_latent_space(draft_copy: Path) -> None:
    space = read_config(draft_copy).latent_space or model_hash(draft_copy)
    axes, directions = measure_axes(GANSynth.load(draft_copy), n_fitted=8, n_tried=2)
    keep_axes(draft_copy, axes, directions)
    assert read_config(draft_copy).latent_space == space


def test_axes_that_do_not_fit_are_refused_in_a_line(draft_copy: Path) -> None:
    axes, directions = measure_axes(GANSynth.load(draft_copy), n_fitted=8, n_tried=2)
    keep_axes(draft_copy, axes, directions[:, :5])
    with pytest.raises(ModelError, match="axes do not fit"):
        GANSynth.load(draft_copy)


@pytest.fixture
def draft_copy(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    draft = Path(__file__).parents[3] / "presets/models/draft"
    GANSynth.load(draft).save(folder, half=True)
    return folder
