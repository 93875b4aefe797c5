"""Losses between generator and critic: against numbers worked out by hand."""

import math

import pytest
import torch

from train.recipes.adversarial_loss import (
    critic_loss,
    deceiver_loss,
    slopes_between,
    squared_slopes,
)

REAL, FAKE = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.5])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def test_logistic_losses() -> None:
    expected = (softplus(-1) + softplus(-3)) / 2 + (softplus(-1) + softplus(0.5)) / 2
    assert float(critic_loss("logistic", REAL, FAKE)) == pytest.approx(expected)
    expected = (softplus(1) + softplus(-0.5)) / 2
    assert float(deceiver_loss("logistic", FAKE)) == pytest.approx(expected)


def test_relativistic_losses_are_of_pairs() -> None:
    expected = (softplus(-2) + softplus(-2.5)) / 2
    assert float(critic_loss("rpgan", REAL, FAKE)) == pytest.approx(expected)
    expected = (softplus(2) + softplus(2.5)) / 2
    assert float(deceiver_loss("rpgan", FAKE, REAL)) == pytest.approx(expected)


def test_wasserstein_losses_are_differences() -> None:
    assert float(critic_loss("wgan-gp", REAL, FAKE)) == pytest.approx(-2.25)
    assert float(deceiver_loss("wgan-gp", FAKE)) == pytest.approx(0.25)


def test_the_slope_of_a_plane_is_that_of_its_weights() -> None:
    weight = torch.full((1, 3, 2, 4), 0.5, requires_grad=True)

    def score(images: torch.Tensor) -> torch.Tensor:
        return (images * weight).sum((1, 2, 3))

    images = torch.randn(5, 3, 2, 4)
    squared = squared_slopes(score, images)
    assert float(squared.detach()) == pytest.approx(24 * 0.25)
    squared.backward()
    assert weight.grad is not None
    assert torch.allclose(weight.grad, torch.ones_like(weight))
    away = slopes_between(score, images, torch.zeros_like(images), torch.rand(5))
    assert float(away.detach()) == pytest.approx((math.sqrt(6) - 1) ** 2, rel=1e-5)


def test_a_slope_is_measured_between_where_it_is_asked_for() -> None:
    def score(images: torch.Tensor) -> torch.Tensor:
        return images.square().sum((1, 2, 3)) / 2  # the slope is the distance from the origin

    real, fake = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 4.0)
    for mix in (0.0, 0.25, 1.0):
        away = slopes_between(score, real, fake, torch.tensor([mix]))
        assert float(away.detach()) == pytest.approx((4 * mix - 1) ** 2)
