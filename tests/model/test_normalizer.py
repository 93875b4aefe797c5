"""Normalisers: what a network sees lies within ±1, and the way back is exact."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.config import NormalizerConfig
from model.normalizer import (
    PRESPECIFIED,
    FrequencyNormalizer,
    IdentityNormalizer,
    SpecgramNormalizer,
    fit_frequency_normalizer,
    fit_normalizer,
    make_normalizer,
)


def random_specgrams(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    low, high = torch.tensor([[-13.0], [-1.0]]), torch.tensor([[10.0], [1.0]])
    specgrams = torch.rand(3, 2, 4 * 8, generator=generator, dtype=torch.float64)
    return (low + (high - low) * specgrams).view(3, 2, 4, 8)


def test_normalizing_and_back_changes_nothing_within_the_range():
    specgrams = random_specgrams()
    normalized = PRESPECIFIED.normalize(specgrams)
    assert normalized.abs().max() < 1
    torch.testing.assert_close(PRESPECIFIED.denormalize(normalized), specgrams)


def test_silence_lands_on_minus_four_fifths():
    silence = torch.log(torch.full((1, 2, 1, 1), 1e-6, dtype=torch.float64))
    assert PRESPECIFIED.normalize(silence)[0, 0].item() == pytest.approx(-0.8, abs=1e-6)


def test_what_lies_outside_is_cut():
    specgrams = torch.tensor([100.0, -7.0]).view(1, 2, 1, 1)
    assert PRESPECIFIED.normalize(specgrams).flatten().tolist() == [1, -1]


def test_each_channel_has_its_own_map():
    normalizer = SpecgramNormalizer(scale=(2.0, 0.5), offset=(0.25, -0.5))
    ones = torch.full((1, 2, 1, 1), 0.25)
    assert normalizer.normalize(ones).flatten().tolist() == [0.75, -0.375]


@pytest.mark.parametrize(
    ("scale", "offset", "message"),
    [
        ((1.0,), (0.0, 0.0), "2 numbers each"),
        ((1.0, float("nan")), (0.0, 0.0), "finite"),
        ((1.0, 1.0), (0.0, float("inf")), "finite"),
        ((1.0, 0.0), (0.0, 0.0), "above 0, not 0"),
    ],
)
def test_wrong_numbers_are_refused(scale, offset, message):
    with pytest.raises(ValueError, match=message):
        SpecgramNormalizer(scale=scale, offset=offset)


# Fitted to examples


@pytest.mark.parametrize("fit", [fit_normalizer, fit_frequency_normalizer])
def test_the_examples_extremes_land_on_the_margin(fit):
    batches = [random_specgrams(seed) for seed in range(3)]
    normalizer = fit(iter(batches))
    seen = torch.cat([normalizer.normalize(batch) for batch in batches])
    over = (0, 2, 3) if fit is fit_normalizer else (0, 2)
    for extreme, expected in ((seen.amax(over), 0.8), (seen.amin(over), -0.8)):
        torch.testing.assert_close(extreme, torch.full_like(extreme, expected), atol=2e-6, rtol=0)


@given(st.floats(-20, 20), st.floats(1e-3, 30), st.floats(0.1, 1.0), st.integers(0, 1000))
def test_the_fit_is_the_published_formula(lowest, width, margin, seed):
    generator = torch.Generator().manual_seed(seed)
    specgrams = lowest + width * torch.rand(2, 2, 3, 5, generator=generator, dtype=torch.float64)
    normalizer = fit_frequency_normalizer([specgrams], margin=margin)
    for channel in range(2):
        for freq in range(5):
            x = specgrams[:, channel, :, freq]
            low, high = float(x.min()), float(x.max())
            scale = margin * 2 / (high - low)
            offset = margin * (-2 * low / (high - low) - 1)
            assert float(normalizer.scale[channel, freq]) == pytest.approx(scale, rel=1e-6)
            assert float(normalizer.offset[channel, freq]) == pytest.approx(
                offset, rel=1e-6, abs=1e-6
            )
    again = normalizer.denormalize(normalizer.normalize(specgrams))
    torch.testing.assert_close(again, specgrams, atol=1e-6 * (abs(lowest) + width), rtol=0)


def test_each_frequency_has_its_own_map():
    scale = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    normalizer = FrequencyNormalizer(scale, torch.zeros(2, 2))
    seen = normalizer.normalize(torch.full((1, 2, 1, 2), 0.1))
    torch.testing.assert_close(seen.flatten(), torch.tensor([0.1, 0.2, 0.3, 0.4]))


@pytest.mark.parametrize("fit", [fit_normalizer, fit_frequency_normalizer])
def test_what_never_changes_lands_on_zero_and_comes_back(fit):
    still = torch.full((2, 2, 3, 4), -13.8)
    normalizer = fit([still])
    assert float(normalizer.normalize(still).abs().max()) <= 1e-6
    torch.testing.assert_close(normalizer.denormalize(torch.zeros_like(still)), still)


@pytest.mark.parametrize("fit", [fit_normalizer, fit_frequency_normalizer])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_examples_that_are_not_finite_are_refused(fit, value):
    with pytest.raises(ValueError, match="finite"):
        fit([torch.full((1, 2, 2, 2), value)])


def test_without_examples_there_is_no_fit():
    with pytest.raises(ValueError, match="no examples"):
        fit_normalizer([])


def test_no_normaliser_cuts_nothing():
    specgrams = 100 * random_specgrams()
    assert torch.equal(IdentityNormalizer().normalize(specgrams), specgrams)
    assert torch.equal(IdentityNormalizer().denormalize(specgrams), specgrams)


# By configuration


def test_a_model_s_configuration_means_the_published_numbers_by_default():
    assert make_normalizer(NormalizerConfig()) == PRESPECIFIED


def test_the_configuration_says_which_map_it_is():
    numbers = torch.full((2, 8), 0.5)
    assert isinstance(make_normalizer(NormalizerConfig(kind="none")), IdentityNormalizer)
    fitted = make_normalizer(NormalizerConfig(kind="freq"), numbers, numbers)
    assert isinstance(fitted, FrequencyNormalizer)
    assert make_normalizer(
        NormalizerConfig(scale=(1.0, 2.0), offset=(3.0, 4.0))
    ) == SpecgramNormalizer(scale=(1.0, 2.0), offset=(3.0, 4.0))


@pytest.mark.parametrize(
    ("scale", "offset", "message"),
    [
        (None, None, "are missing"),
        (torch.ones(2, 8), torch.ones(2, 7), r"must be \[2, freq\]"),
        (torch.ones(3, 8), torch.ones(3, 8), r"must be \[2, freq\]"),
        (torch.zeros(2, 8), torch.ones(2, 8), "above 0, not 0"),
        (torch.full((2, 8), math.nan), torch.ones(2, 8), "finite"),
    ],
)
def test_wrong_numbers_for_each_frequency_are_refused(scale, offset, message):
    with pytest.raises(ValueError, match=message):
        make_normalizer(NormalizerConfig(kind="freq"), scale, offset)


def test_a_configuration_of_wrong_numbers_is_refused():
    with pytest.raises(ValueError, match="its scales above 0"):
        NormalizerConfig(scale=(0.0, 1.0))
