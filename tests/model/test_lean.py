"""A model's measured axes move its latents, in standard deviations."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch

from model.config import AxisConfig
from model.gansynth import GANSynth

LATENT = 16


def model(*sigmas: float) -> GANSynth:
    """What `lean` asks of a model: axes along the first numbers of a latent."""
    axes = tuple(
        AxisConfig(name=name, low="", high="", correlation=1.0, agreement=1.0, sigma=sigma)
        for name, sigma in zip(("brightness", "attack"), sigmas, strict=False)
    )
    config = SimpleNamespace(axes=axes)
    directions = torch.eye(LATENT)[: len(axes)]
    return cast(GANSynth, SimpleNamespace(config=config, axes=directions, latent_size=LATENT))


def z() -> torch.Tensor:
    drawn = torch.randn(LATENT, generator=torch.Generator().manual_seed(1))
    drawn[:2] = 0.0
    return drawn


def test_a_sigma_is_as_long_as_it_was_measured() -> None:
    leaned = GANSynth.lean(model(0.1), z(), {"brightness": 2.0})
    assert float(leaned.norm()) == pytest.approx(float(z().norm()), rel=1e-6)
    assert float(leaned[0] / leaned[1:].norm()) == pytest.approx(0.2)


def test_down_is_the_mirror_of_up() -> None:
    up, down = (GANSynth.lean(model(0.1), z(), {"brightness": s}) for s in (1.5, -1.5))
    assert float(up[0]) == pytest.approx(-float(down[0]))
    torch.testing.assert_close(up[1:], down[1:])


def test_axes_are_independent_by_name() -> None:
    leaned = GANSynth.lean(model(0.1, 0.2), z(), {"attack": 1.0})
    assert float(leaned[0]) == 0.0
    assert float(leaned[1]) > 0.0


def test_an_axis_that_the_model_does_not_have_moves_nothing() -> None:
    torch.testing.assert_close(GANSynth.lean(model(0.1), z(), {"noisiness": 3.0}), z())
    torch.testing.assert_close(GANSynth.lean(model(), z(), {"brightness": 3.0}), z())


def test_a_sigma_that_was_not_measured_is_that_of_a_gaussian_latent() -> None:
    leaned = GANSynth.lean(model(0.0), z(), {"brightness": 1.0})
    assert float(leaned[0] / leaned[1:].norm()) == pytest.approx(LATENT**-0.5)
