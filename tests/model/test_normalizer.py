import pytest
import torch

from model.normalizer import PRESPECIFIED, SpecgramNormalizer


def random_specgrams() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
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
