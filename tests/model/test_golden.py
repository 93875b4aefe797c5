"""Our transform and generator against numbers of the original; see tests/data/README.md."""

import math

import numpy as np
import pytest
import torch

from model.config import NetworkConfig
from model.discriminator import Discriminator
from model.generator import Generator
from model.layers import (
    EqualisedConv,
    append_deviation,
    downscale,
    he_scale,
    leaky_pixel_norm,
    pixel_norm,
    upscale,
)
from model.mel import hertz_to_mel, linear_to_mel_matrix, mel_to_linear_matrix
from model.normalizer import PRESPECIFIED, IdentityNormalizer
from model.representation import GANSynthRepresentation
from model.specgram import (
    SpecgramConfig,
    melspecgrams_to_waves,
    phase_to_ifreq,
    specgrams_to_melspecgrams,
    specgrams_to_waves,
    stfts_to_waves,
    unwrap,
    waves_to_specgrams,
    waves_to_stfts,
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
    # The original's other way wraps differences once, which leaves turns in phases beyond ±pi.
    once = torch.from_numpy(unit["instfreq_axis1_nounwrap"])
    assert turn_apart(phase_to_ifreq(phase), once).max() <= 2e-6


def test_windows_are_the_original_s(unit):
    impulse = torch.zeros(1, 64000)
    # The padding is in front: sample 0 lies at 3072, within the times 3 to 6.
    impulse[0, 0] = 1.0
    magnitude = waves_to_stfts(impulse, CONFIG)[0].abs()
    for time in range(3, 7):
        expected = unit["stft_window"][3072 - 512 * time]
        torch.testing.assert_close(magnitude[time], torch.full((1024,), float(expected)))
    assert magnitude[:3].max() == magnitude[7:].max() == 0
    # A spectrum of one time gives its window alone, scaled for the way back.
    stfts = torch.zeros(1, 128, 1024, dtype=torch.complex64)
    stfts[0, 64, 1023] = 2048.0
    wave = stfts_to_waves(stfts, CONFIG)[0, 64 * 512 - 3072 :][:2048]
    alternating = torch.tensor([1.0, -1.0]).repeat(1024)
    np.testing.assert_allclose(wave * alternating, unit["istft_window"], atol=1e-6)


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
def test_phases_are_the_original_s(small, signal):
    """The data type "phase": steps from one time to the next are the original's IF."""
    times = small["frame_index"].tolist()
    representation = GANSynthRepresentation("phase", CONFIG, "phase", IdentityNormalizer())
    waves = torch.from_numpy(small[f"{signal}/audio"])[None]
    images = representation.encode(waves, torch.zeros(1))
    magnitude, phase = images[0]
    expected = channels_first(small[f"{signal}/spec_frames"])
    loud = expected[0] > LOUD_LOG_MAGNITUDE
    assert ((magnitude[times] - expected[0]).abs() * loud).max() <= 4e-4
    both = loud_in_both(loud, times)
    steps = phase[times] - phase[[max(t - 1, 0) for t in times]]
    assert (turn_apart(steps, expected[1]) * both).max() <= 3e-4
    assert torch.equal(phase[0], expected[1, 0])
    assert phase.abs().max() <= 1
    # And the way back is that from log magnitude and IF.
    again = representation.decode(images, torch.zeros(1))[0].double()
    sums = [again.sum().item(), again.abs().sum().item()]
    np.testing.assert_allclose(sums, small[f"{signal}/wave_from_spec_sum64"], atol=5e-3)


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


@pytest.mark.parametrize("block", range(1, 7))
def test_lower_heads_are_the_original_s(reduced, block):
    heads = load("lower_heads")
    z, pitch = torch.from_numpy(reduced["z"]).float(), torch.from_numpy(reduced["pitches"])
    with torch.inference_mode():
        images = make_generator(averaged=True)(z, pitch, stage=block)
    if block < 5:
        expected = channels_first(heads[f"to_rgb_block{block}"])
    elif block == 5:
        images, expected = images[0], channels_first(heads["to_rgb_block5_0"])
    else:
        images = images[0][:, [0, 1, 31, 63]]
        expected = channels_first(heads["to_rgb_block6_0_frames"])
    assert (images - expected).abs().max() <= 3e-4


def test_a_blend_of_heads_is_the_original_s(reduced):
    """Half-way between two stages: the mean of both heads, the lower with repeated pixels."""
    heads = load("lower_heads")
    z, pitch = torch.from_numpy(reduced["z"]).float(), torch.from_numpy(reduced["pitches"])
    with torch.inference_mode():
        images = make_generator(averaged=True)(z, pitch, progress=2.25)
    low, high = (channels_first(heads[f"to_rgb_block{block}"]) for block in (3, 4))
    expected = upscale(0.75 * upscale(low) + 0.25 * high, 8)
    assert images.shape == (2, 2, 128, 1024)
    assert (images - expected).abs().max() <= 3e-4


def test_published_networks_have_as_many_numbers_as_the_original_s():
    def count(network):
        return sum(weight.numel() for weight in network.parameters())

    config = NetworkConfig()
    assert count(Generator(config)) == 7_311_246
    assert count(Discriminator(config)) == 6_831_230


# The layers


@pytest.fixture(scope="module")
def layers():
    return load("schedule_and_layers")


LAYERS = {
    "pixel_norm": pixel_norm,
    "upscale2": upscale,
    "downscale2": downscale,
    "upscale_h2": lambda x: upscale(x, (2, 1)),
    "downscale_h2": lambda x: downscale(x, (2, 1)),
    "mbstd_concat": append_deviation,
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_the_original_s(layers, name):
    ours = LAYERS[name](channels_first(layers["layer_in"]))
    torch.testing.assert_close(ours, channels_first(layers[name]))


def test_the_deviation_of_a_batch_is_the_original_s(layers):
    ours = append_deviation(channels_first(layers["layer_in"]))
    torch.testing.assert_close(ours[0, -1, 0, 0], torch.tensor(layers["mbstd"]))


def test_a_convolution_with_its_activation_is_the_original_s(layers):
    conv = EqualisedConv(5, 6).requires_grad_(False)
    conv.weight.copy_(torch.from_numpy(layers["custom_conv_kernel"]).permute(3, 2, 0, 1))
    conv.bias.copy_(torch.from_numpy(layers["custom_conv_bias"]))
    ours = leaky_pixel_norm(conv(channels_first(layers["layer_in"])))
    torch.testing.assert_close(ours, channels_first(layers["custom_conv_out"]))


@pytest.mark.parametrize("slope", [0, 1])
def test_the_scale_of_weights_is_the_original_s(layers, slope):
    assert he_scale(45, slope) == pytest.approx(float(layers[f"he_scale_slope{slope}"]))
