"""Our transform and generator against numbers of the original; see tests/data/README.md."""

import math

import numpy as np
import pytest
import torch

from model.config import NetworkConfig
from model.generator import Generator
from model.mel import hertz_to_mel, linear_to_mel_matrix, mel_to_linear_matrix
from model.normalizer import PRESPECIFIED
from model.specgram import (
    SpecgramConfig,
    melspecgrams_to_waves,
    phase_to_ifreq,
    specgrams_to_melspecgrams,
    specgrams_to_waves,
    unwrap,
    waves_to_specgrams,
)
from tests.original import channels_first, fill, load, noise

CONFIG = SpecgramConfig()
SIGNALS = ["harm_045", "harm_084", "noise_seed0", "silence"]
LOUD_LOG_MAGNITUDE = math.log(1e-2)
LOUD_LOG_POWER = 2 * math.log(0.3)


@pytest.fixture(scope="module")
def unit():
    return load("spectral_unit")


@pytest.fixture(scope="module")
def small():
    return load("spectral_small") | {"noise_seed0/audio": noise()}


@pytest.fixture(scope="module")
def reduced():
    return load("generator_reduced")


def turn_apart(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """How far two phases over pi are apart, whole turns aside."""
    return (torch.remainder(a - b + 1, 2) - 1).abs()


def loud_in_both(loud: torch.Tensor, times: list[int]) -> torch.Tensor:
    """Where a row and the one before it in time are loud, of the rows whose neighbour is there."""
    before = [times.index(t - 1) if t - 1 in times else -1 for t in times]
    there = torch.tensor([i >= 0 for i in before])[:, None]
    return loud & loud[before] & there


# The matrices and the phase


@pytest.mark.parametrize(
    ("make_matrix", "name"),
    [(linear_to_mel_matrix, "lin2mel"), (mel_to_linear_matrix, "mel2lin")],
)
def test_mel_matrices_are_the_original_s(unit, make_matrix, name):
    expected = np.zeros((1024, 1024))
    expected[unit[f"{name}_row"], unit[f"{name}_col"]] = unit[f"{name}_val"]
    matrix = make_matrix(1024, 16000)
    np.testing.assert_allclose(matrix, expected, atol=1e-12, rtol=0)
    np.testing.assert_array_equal(matrix != 0, expected != 0)
    np.testing.assert_array_equal(matrix.astype(np.float32), expected.astype(np.float32))


def test_mel_scale_is_the_original_s(unit):
    mel = hertz_to_mel(unit["hertz_to_mel_in"])
    np.testing.assert_allclose(mel, unit["hertz_to_mel_out"], rtol=1e-15)


def test_unwrapping_is_the_original_s(unit):
    phase = torch.from_numpy(unit["phase"])
    np.testing.assert_allclose(unwrap(phase), unit["unwrap_axis1"], atol=1e-5)


def test_instantaneous_frequency_is_the_original_s(unit):
    phase = torch.from_numpy(unit["phase"])
    np.testing.assert_allclose(phase_to_ifreq(phase), unit["instfreq_axis1"], atol=2e-6)


# The transform


@pytest.mark.parametrize("signal", SIGNALS)
def test_specgrams_are_the_original_s(small, signal):
    times = small["frame_index"].tolist()
    ours = waves_to_specgrams(torch.from_numpy(small[f"{signal}/audio"])[None], CONFIG)[0, :, times]
    expected = channels_first(small[f"{signal}/spec_frames"])
    loud = expected[0] > LOUD_LOG_MAGNITUDE
    assert loud.any() == (signal != "silence")
    assert ((ours - expected)[0].abs() * loud).max() <= 4e-4
    both = loud_in_both(loud, times)
    assert (turn_apart(ours[1], expected[1]) * both).max() <= 3e-4
    # Nothing has been heard yet at the first time: silence has no phase.
    assert torch.equal(ours[:, 0], expected[:, 0])


@pytest.mark.parametrize("signal", SIGNALS)
def test_mel_specgrams_are_the_original_s(small, signal):
    times = small["frame_index"].tolist()
    specgrams = waves_to_specgrams(torch.from_numpy(small[f"{signal}/audio"])[None], CONFIG)
    ours = specgrams_to_melspecgrams(specgrams, CONFIG)[0, :, times]
    expected = channels_first(small[f"{signal}/mel_frames"])
    apart = (ours - expected)[0].abs()
    assert apart.max() <= 8e-3
    assert (apart * (expected[0] > -5)).max() <= 1e-4
    both = loud_in_both(expected[0] > LOUD_LOG_POWER, times)
    assert (turn_apart(ours[1], expected[1]) * both).max() <= 3e-5


@pytest.mark.parametrize("signal", SIGNALS)
def test_way_back_from_specgrams_is_the_original_s(small, signal):
    waves = torch.from_numpy(small[f"{signal}/audio"])[None]
    again = specgrams_to_waves(waves_to_specgrams(waves, CONFIG), CONFIG)[0].double()
    sums = [again.sum().item(), again.abs().sum().item()]
    np.testing.assert_allclose(sums, small[f"{signal}/wave_from_spec_sum64"], atol=5e-3)


def test_way_to_mel_and_back_is_the_original_s(small):
    # A tone without energy in the weakest bins, whose phase rounding would decide.
    waves = torch.from_numpy(small["harm_045/audio"])[None]
    mel = specgrams_to_melspecgrams(waves_to_specgrams(waves, CONFIG), CONFIG)
    again = melspecgrams_to_waves(mel, CONFIG)[0]
    np.testing.assert_allclose(again, small["harm_045/wave_from_mel"], atol=1e-3)


# The generator


def make_generator(*, averaged: bool) -> Generator:
    config = NetworkConfig(latent_size=16, channels=(16, 16, 16, 16, 16, 8, 4))
    generator = Generator(config)
    fill(generator, averaged=averaged)
    return generator.eval()


@pytest.fixture(scope="module")
def images(reduced):
    """Normalised images of both notes: [2, 2, time, freq]."""
    z = torch.from_numpy(reduced["z"]).float()
    with torch.inference_mode():
        return make_generator(averaged=True)(z, torch.from_numpy(reduced["pitches"]))


def test_generator_s_input_is_the_original_s(reduced):
    generator = make_generator(averaged=True)
    z, pitch = torch.from_numpy(reduced["z"]).float(), torch.from_numpy(reduced["pitches"])
    expected = torch.from_numpy(reduced["generator_input"])
    expected = expected * torch.rsqrt(expected.square().mean(1, keepdim=True) + 1e-8)
    torch.testing.assert_close(generator.inputs(z, pitch), expected)


def test_generator_makes_the_original_s_images(reduced, images):
    first = channels_first(reduced["images_normalised_0"])
    rows = channels_first(reduced["images_normalised_1_frames"])
    assert (images[0] - first).abs().max() <= 3e-4
    assert (images[1][:, [0, 1, 63, 127]] - rows).abs().max() <= 3e-4


def test_denormalised_images_are_the_original_s(reduced, images):
    specgrams = PRESPECIFIED.denormalize(images).double()
    sums = [specgrams.sum(), specgrams.abs().sum(), specgrams.square().sum()]
    np.testing.assert_allclose(sums, reduced["images_denormalised_check"], rtol=1e-5)
    corner = channels_first(reduced["images_denormalised_corner"])
    assert (specgrams[:, :, :8, :32] - corner).abs().max() <= 5e-3


def test_weights_that_are_not_averaged_make_other_images(reduced):
    z, pitch = torch.from_numpy(reduced["z"]).float(), torch.from_numpy(reduced["pitches"])
    with torch.inference_mode():
        images = make_generator(averaged=False)(z, pitch)
    corner = PRESPECIFIED.denormalize(images)[:, :, :8, :32]
    expected = channels_first(reduced["raw_weights_images_denormalised_corner"])
    assert (corner - expected).abs().max() <= 5e-3
    assert (corner - channels_first(reduced["images_denormalised_corner"])).abs().max() > 1


def test_waves_of_the_original_s_image_are_the_original_s(reduced):
    image = channels_first(reduced["images_normalised_0"])[None]
    wave = melspecgrams_to_waves(PRESPECIFIED.denormalize(image), CONFIG)[0]
    np.testing.assert_allclose(wave, reduced["waves_0"], atol=5e-5)


def test_generator_and_transform_together_sound_as_the_original(reduced, images):
    waves = melspecgrams_to_waves(PRESPECIFIED.denormalize(images), CONFIG)
    expected = [reduced["waves_0"], reduced["waves_1_start"]]
    for wave, original in zip(waves, expected, strict=True):
        off = wave[: len(original)].numpy() - original
        assert np.sqrt(np.mean(off**2) / np.mean(original**2)) <= 5e-4
