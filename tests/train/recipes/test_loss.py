"""Losses against numbers worked out by hand."""

import math

import pytest
import torch

from train.recipes.loss import audibility, blend_specgrams, downscale, specgram_losses

DB = 56.25


def specgram(magnitude: float, ifreq: float, shape: tuple[int, int] = (4, 4)) -> torch.Tensor:
    planes = torch.ones(1, 2, *shape)
    planes[:, 0], planes[:, 1] = magnitude, ifreq
    return planes


def test_audibility_falls_from_the_peak_to_60_db_below() -> None:
    magnitude = torch.tensor([[[0.5, 0.5 - 30 / DB, 0.5 - 60 / DB, -0.8]]])
    expected = torch.tensor([[[1.0, 0.5, 0.0, 0.0]]])
    torch.testing.assert_close(audibility(magnitude, DB), expected, atol=1e-5, rtol=0)


def test_equal_specgrams_cost_nothing() -> None:
    same = specgram(0.4, 0.3)
    losses = specgram_losses(same, same, DB)
    assert float(losses["magnitude"]) == 0
    assert float(losses["ifreq"]) == pytest.approx(0, abs=1e-6)


def test_magnitude_is_the_mean_absolute_error_where_all_is_audible() -> None:
    losses = specgram_losses(specgram(0.1, 0), specgram(0.4, 0), DB)
    assert float(losses["magnitude"]) == pytest.approx(0.3, rel=1e-5)


def test_an_audible_pixel_weighs_nine_times_a_silent_one() -> None:
    real = specgram(-0.8, 0, (1, 2))
    real[0, 0, 0, 0] = 0.5
    wrong_loud, wrong_quiet = real.clone(), real.clone()
    wrong_loud[0, 0, 0, 0] -= 0.1
    wrong_quiet[0, 0, 0, 1] += 0.1
    loud = float(specgram_losses(wrong_loud, real, DB)["magnitude"])
    quiet = float(specgram_losses(wrong_quiet, real, DB)["magnitude"])
    assert loud == pytest.approx(9 * quiet, rel=1e-4)


@pytest.mark.parametrize(("error", "cost"), [(0.5, 1.0), (1.0, 2.0), (2.0, 0.0)])
def test_ifreq_is_compared_on_the_circle(error: float, cost: float) -> None:
    losses = specgram_losses(specgram(0.4, 0.2 + error), specgram(0.4, 0.2), DB)
    assert float(losses["ifreq"]) == pytest.approx(cost, abs=1e-5)


def test_phase_of_silence_costs_nothing() -> None:
    real = specgram(-0.8, 0, (1, 2))
    real[0, 0, 0, 0] = 0.5
    wrong = real.clone()
    wrong[0, 1, 0, 1] = 1.0
    assert float(specgram_losses(wrong, real, DB)["ifreq"]) == pytest.approx(0, abs=1e-6)


def test_a_blend_begins_and_ends_at_its_parents() -> None:
    a, b = specgram(0.4, 0.1), specgram(-0.2, -0.3)
    ends = blend_specgrams(torch.cat([a, a]), torch.cat([b, b]), torch.tensor([0.0, 1.0]), DB)
    torch.testing.assert_close(ends, torch.cat([a, b]), atol=1e-5, rtol=0)


def test_a_blend_of_phases_goes_the_short_way_round() -> None:
    a, b = specgram(0.4, 0.9), specgram(0.4, -0.9)
    middle = blend_specgrams(a, b, torch.tensor([0.5]), DB)
    assert float(middle[0, 1].abs().min()) == pytest.approx(1.0, abs=1e-4)
    assert float(middle[0, 0, 0, 0]) == pytest.approx(0.4, abs=1e-5)


def test_downscaling_averages_decibels_and_turns_to_the_louder_phase() -> None:
    x = specgram(-0.6, 0.5, (2, 2))
    x[0, 0, 0, 0], x[0, 1, 0, 0] = 0.6, -0.25
    small = downscale(x, 2, DB)
    assert small.shape == (1, 2, 1, 1)
    assert float(small[0, 0]) == pytest.approx((0.6 - 1.8) / 4, abs=1e-5)
    assert float(small[0, 1]) == pytest.approx(-0.25, abs=1e-2)
    assert math.isfinite(float(small.sum()))
