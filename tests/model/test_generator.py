"""The generator and its layers: the fast forms are the plain ones."""

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from model.config import NetworkConfig
from model.generator import Generator, harmonic_maps
from model.growth import head_weight
from model.layers import EqualisedConv, leaky_pixel_norm, pixel_norm, subpixel_kernel, upscale
from model.warped import WarpedConfig, warped_frequencies

CHANNELS = (16, 16, 16, 8, 8, 4, 4)
PLAIN = NetworkConfig(latent_size=8, channels=CHANNELS)
MAPPED = NetworkConfig(
    latent_size=8, channels=CHANNELS, first_head=4, output="skip", harmonic_maps=True, level=True
)


@pytest.fixture
def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.randn(2, 8), torch.tensor([24, 77])


def make(config: NetworkConfig) -> Generator:
    torch.manual_seed(0)
    generator = Generator(config, warped_frequencies(WarpedConfig()))
    for head in generator.to_rgb.values():
        torch.nn.init.normal_(head.get_parameter("weight"))
    return generator


def relative_rms(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Compare as a whole: pixel norm of few channels blows up rounding in single pixels."""
    error = (got - expected).square().mean() / expected.square().mean()
    return float(error.detach().sqrt())


def test_the_transposed_convolution_is_upscaling_then_convolving() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(2, 5, 6, 7).double(), torch.randn(3, 5, 3, 3).double()
    plain = functional.conv2d(upscale(x), weight, padding=1)
    fused = functional.conv_transpose2d(x, subpixel_kernel(weight), stride=2, padding=1)
    torch.testing.assert_close(fused, plain, atol=1e-12, rtol=0)


def test_the_activation_has_the_gradient_of_its_plain_form() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3, 4).double().requires_grad_()

    def plain(x: torch.Tensor) -> torch.Tensor:
        return pixel_norm(functional.leaky_relu(x, 0.2))

    torch.testing.assert_close(leaky_pixel_norm(x), plain(x), atol=1e-5, rtol=1e-5)
    weight = torch.randn_like(x)
    (ours,) = torch.autograd.grad((leaky_pixel_norm(x) * weight).sum(), x)
    (theirs,) = torch.autograd.grad((plain(x) * weight).sum(), x)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_the_stored_kernel_is_scaled_when_used() -> None:
    conv = EqualisedConv(8, 8)
    torch.nn.init.ones_(conv.weight)
    out = conv(torch.ones(1, 8, 5, 5)).detach()
    assert float(out[0, 0, 2, 2]) == pytest.approx(72 * (2 / 72) ** 0.5, rel=1e-5)


@pytest.mark.parametrize("config", [PLAIN, MAPPED], ids=["plain", "mapped"])
def test_the_output_has_the_size_of_the_resolution(config, inputs) -> None:
    generator = make(config)
    assert generator(*inputs).shape == (2, 2, 128, 1024)
    if config is MAPPED:
        assert generator(*inputs, stage=4).shape == (2, 2, 16, 128)


def test_the_tanh_head_stays_within_one(inputs) -> None:
    assert float(make(PLAIN)(*inputs).detach().abs().max()) <= 1


@pytest.mark.parametrize("config", [PLAIN, MAPPED], ids=["plain", "mapped"])
@pytest.mark.parametrize("n_times", [1, 5, 24, 37, 127, 128])
def test_the_first_columns_alone_are_exact(config, n_times, inputs) -> None:
    generator = make(config).eval().requires_grad_(False)
    whole = generator(*inputs)
    torch.testing.assert_close(
        generator(*inputs, n_times=n_times), whole[:, :, :n_times], atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("config", [PLAIN, MAPPED], ids=["plain", "mapped"])
def test_freezing_changes_nothing(config, inputs) -> None:
    generator = make(config).requires_grad_(False)
    before = generator(*inputs)
    generator.freeze()
    assert relative_rms(generator(*inputs), before) < 1e-4


def test_the_linear_output_is_what_tanh_gets(inputs) -> None:
    linear = make(msgspec.structs.replace(PLAIN, output="linear"))
    torch.testing.assert_close(torch.tanh(linear(*inputs)), make(PLAIN)(*inputs))


@given(st.floats(0, 6))
@settings(max_examples=15, deadline=None)
def test_heads_are_blended_at_any_progress(progress) -> None:
    """Each head goes through tanh, then its pixels are repeated, then it is weighted."""
    generator = make(PLAIN).requires_grad_(False)
    z, pitch = torch.randn(1, 8), torch.tensor([60])
    expected = torch.zeros(1, 2, 128, 1024)
    for block in range(1, 8):
        if head_weight(block, progress):
            alone = generator(z, pitch, stage=block)
            expected += head_weight(block, progress) * upscale(alone, 2 ** (7 - block))
    torch.testing.assert_close(generator(z, pitch, progress=progress), expected)


def test_a_configuration_may_stop_in_the_middle(inputs) -> None:
    whole = make(PLAIN).requires_grad_(False)
    stopped = make(
        msgspec.structs.replace(PLAIN, channels=CHANNELS[:4], progress=2.25, n_resolutions=7)
    ).requires_grad_(False)
    stopped.load_state_dict({name: whole.state_dict()[name] for name in stopped.state_dict()})
    torch.testing.assert_close(stopped(*inputs), whole(*inputs, progress=2.25))
    assert stopped(*inputs).shape == (2, 2, 128, 1024)


def test_a_whole_progress_is_its_block_alone(inputs) -> None:
    generator = make(PLAIN)
    assert torch.equal(generator(*inputs, progress=6.0), generator(*inputs))
    assert torch.equal(generator(*inputs, stage=3, progress=2.0), generator(*inputs, stage=3))


@pytest.mark.parametrize("progress", [-0.5, 6.5])
def test_progress_without_a_block_is_refused(progress, inputs) -> None:
    with pytest.raises(ValueError, match=r"progress must be 0\.\.6, not"):
        make(PLAIN)(*inputs, progress=progress)


@given(
    st.sampled_from([1, 3, 5]),
    st.sampled_from([(2, 2), (2, 1), (3, 1), (1, 2)]),
    st.integers(1, 40),
    st.sampled_from([None, 0.0, 0.5, 1.0, 1.75]),
    st.integers(3, 4),
)
@settings(max_examples=60, deadline=None)
def test_the_first_columns_are_exact_for_any_shape(kernel, upscaling, n_times, progress, n) -> None:
    config = NetworkConfig(
        latent_size=3,
        n_pitches=2,
        channels=(3, 2, 2),
        start=(2, 1),
        kernel_size=kernel,
        upscaling=upscaling,
        n_resolutions=n,
        progress=progress,
        output="linear",
    )
    torch.manual_seed(0)
    generator = Generator(config).double().requires_grad_(False)
    z, pitch = torch.randn(1, 3).double(), torch.tensor([25])
    part = generator(z, pitch, n_times=n_times)
    torch.testing.assert_close(part, generator(z, pitch)[:, :, :n_times])


def test_growing_in_time_alone_repeats_times_alone() -> None:
    config = NetworkConfig(latent_size=3, channels=(4, 2), start=(2, 5), upscaling=(2, 1))
    torch.manual_seed(0)
    generator = Generator(config).requires_grad_(False)
    z, pitch = torch.randn(1, 3), torch.tensor([25])
    x = generator.first(generator.inputs(z, pitch))
    block = generator.blocks[0]
    x = leaky_pixel_norm(block.conv0(x.repeat_interleave(2, dim=2)))
    x = leaky_pixel_norm(block.conv1(x))
    expected = torch.tanh(generator.to_rgb["2"](x))
    torch.testing.assert_close(generator(z, pitch), expected)
    assert expected.shape == (1, 2, 4, 5)


def test_a_new_head_changes_nothing_at_first(inputs) -> None:
    torch.manual_seed(0)
    generator = Generator(MAPPED, warped_frequencies(WarpedConfig()))
    assert torch.all(generator(*inputs) == 0)


def test_a_batch_is_its_notes(inputs) -> None:
    generator = make(MAPPED).requires_grad_(False)
    z, pitch = inputs
    assert relative_rms(generator(z[1:], pitch[1:]), generator(z, pitch)[1:]) < 1e-4


def test_maps_mark_the_harmonics() -> None:
    freqs = warped_frequencies(WarpedConfig())
    maps = harmonic_maps(freqs, torch.tensor([57.0]))[0]
    turns, lobe = maps[0], maps[4]
    on_third = int((freqs - 660).abs().argmin())
    between = int((freqs - 770).abs().argmin())
    assert float(turns[on_third]) > 0.99
    assert float(turns[between]) < -0.99
    assert float(lobe[on_third]) > 0.9
    assert float(lobe[between]) == 0


def test_maps_follow_fractional_pitches() -> None:
    freqs = warped_frequencies(WarpedConfig())
    maps = harmonic_maps(freqs, torch.tensor([57.5]))[0]
    f0 = 440 * 2 ** ((57.5 - 69) / 12)
    assert float(maps[0][int((freqs - f0).abs().argmin())]) > 0.99


def test_latent_and_pitch_both_change_the_note(inputs) -> None:
    generator = make(MAPPED).requires_grad_(False)
    z, pitch = inputs
    base = generator(z, pitch)
    assert float((generator(z.flip(0), pitch) - base).abs().max()) > 0.01
    assert float((generator(z, pitch.flip(0)) - base).abs().max()) > 0.01
    assert generator.level is not None
    assert generator.level(generator.inputs(z, pitch)).shape == (2,)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": ()}, "positive"),
        ({"first_head": 9}, "first_head must be 1..7, not 9"),
        ({"lowest_pitch": 100}, "within MIDI"),
        ({"channels": (10**9,)}, "larger than any"),
        ({"channels": (4,) * 12}, "images are larger than any"),
        ({"start": (0, 16)}, "start must be above 0"),
        ({"upscaling": (2, 5)}, "upscaling 1..4"),
        ({"kernel_size": 4}, "kernel_size must be 1, 3, 5, 7 or 9, not 4"),
        ({"n_resolutions": 6}, "n_resolutions must be 7..12"),
        ({"n_resolutions": 13}, "n_resolutions must be 7..12"),
        ({"n_resolutions": 8, "output": "skip"}, "every resolution needs its block"),
        ({"progress": 6.5}, "progress must be 0..6, not 6.5"),
        ({"progress": float("nan")}, "progress must be 0..6, not nan"),
        ({"progress": 2.0, "output": "skip"}, "progress is for the outputs"),
        ({"progress": 2.5, "first_head": 4}, "a head below first_head counts"),
    ],
)
def test_impossible_networks_are_refused(settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkConfig(**settings)


def test_maps_need_the_bands() -> None:
    with pytest.raises(ValueError, match="need the bands"):
        Generator(MAPPED)
