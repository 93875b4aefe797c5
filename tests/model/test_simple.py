"""The simple architecture against plain loops over its definition."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import NetworkConfig
from model.factory import make_generator
from model.growth import head_weight
from model.layers import upscale
from model.simple import SimpleConv, SimpleGenerator, SimpleTransposedConv, he_truncated_

CONFIG = NetworkConfig(latent_size=4, channels=(6, 5, 4, 3), architecture="simple")
STRIDES = [(2, 2), (2, 1), (3, 2), (4, 4)]


@pytest.fixture
def generator() -> SimpleGenerator:
    torch.manual_seed(0)
    made = make_generator(CONFIG).double()
    assert isinstance(made, SimpleGenerator)
    return made.requires_grad_(False)


@pytest.fixture
def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.randn(2, 4).double(), torch.tensor([24, 77])


def before(kernel_size: int, stride: int) -> int:
    """Zeros before the first pixel, as TensorFlow's "SAME" has them."""
    return max(kernel_size - stride, 0) // 2


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_the_transposed_convolution_spreads_each_pixel(stride, kernel_size) -> None:
    torch.manual_seed(0)
    conv = SimpleTransposedConv(2, 3, kernel_size, stride).double().requires_grad_(False)
    torch.nn.init.normal_(conv.bias)
    x = torch.randn(1, 2, 4, 5).double()
    out = conv.bias[:, None, None].repeat(1, 4 * stride[0], 5 * stride[1])
    for i, j in itertools.product(range(4), range(5)):
        for a, b in itertools.product(range(kernel_size), repeat=2):
            t = i * stride[0] + a - before(kernel_size, stride[0])
            f = j * stride[1] + b - before(kernel_size, stride[1])
            if 0 <= t < out.shape[1] and 0 <= f < out.shape[2]:
                out[:, t, f] += x[0, :, i, j] @ conv.weight[:, :, a, b]
    torch.testing.assert_close(conv(x)[0], out)


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_the_convolution_puts_the_odd_zero_last(stride, kernel_size) -> None:
    torch.manual_seed(0)
    conv = SimpleConv(2, 3, kernel_size, stride).double().requires_grad_(False)
    x = torch.randn(1, 2, 4 * stride[0], 5 * stride[1]).double()
    out = torch.zeros(3, 4, 5).double()
    for i, j in itertools.product(range(4), range(5)):
        for a, b in itertools.product(range(kernel_size), repeat=2):
            t = i * stride[0] + a - before(kernel_size, stride[0])
            f = j * stride[1] + b - before(kernel_size, stride[1])
            if 0 <= t < x.shape[2] and 0 <= f < x.shape[3]:
                out[:, i, j] += conv.weight[:, :, a, b] @ x[0, :, t, f]
    torch.testing.assert_close(conv(x)[0], out)


def test_a_pixel_of_the_first_block_has_its_channels_side_by_side(generator, inputs) -> None:
    values = torch.relu(generator.dense(generator.inputs(*inputs)))
    first = values.view(2, 2, 16, 6)
    expected = torch.tanh(
        torch.einsum("btfc,oc->botf", first, generator.to_rgb["1"].weight[..., 0, 0])
        + generator.to_rgb["1"].bias[:, None, None]
    )
    torch.testing.assert_close(generator(*inputs, stage=1), expected)


def test_latent_and_pitch_go_in_as_they_are(generator, inputs) -> None:
    z, pitch = inputs
    joined = generator.inputs(z, pitch)
    assert torch.equal(joined[:, :4], z)
    assert joined[:, 4:].argmax(1).tolist() == [0, 53]
    assert joined[:, 4:].sum(1).tolist() == [1, 1]


@given(st.floats(0, 3))
@settings(max_examples=20, deadline=None)
def test_heads_are_blended_at_any_progress(progress) -> None:
    torch.manual_seed(0)
    generator = SimpleGenerator(CONFIG).double().requires_grad_(False)
    z, pitch = torch.randn(2, 4).double(), torch.tensor([24, 77])
    expected = torch.zeros(2, 2, *CONFIG.size).double()
    for block in range(1, 5):
        alone = generator(z, pitch, stage=block)
        expected += head_weight(block, progress) * upscale(alone, 2 ** (4 - block))
    torch.testing.assert_close(generator(z, pitch, progress=progress), expected)


@given(
    st.sampled_from([1, 3, 5]),
    st.sampled_from(STRIDES),
    st.integers(1, 60),
    st.floats(0, 2),
    st.integers(3, 4),
)
@settings(max_examples=60, deadline=None)
def test_the_first_columns_alone_are_exact(kernel_size, stride, n_times, progress, n) -> None:
    config = NetworkConfig(
        latent_size=3,
        n_pitches=2,
        channels=(3, 2, 2),
        start=(2, 1),
        kernel_size=kernel_size,
        upscaling=stride,
        n_resolutions=n,
        architecture="simple",
        progress=progress,
    )
    torch.manual_seed(0)
    generator = SimpleGenerator(config).double().requires_grad_(False)
    z, pitch = torch.randn(1, 3).double(), torch.tensor([25])
    part = generator(z, pitch, n_times=n_times)
    torch.testing.assert_close(part, generator(z, pitch)[:, :, :n_times])


def test_weights_begin_as_wide_as_he_says_and_are_cut() -> None:
    torch.manual_seed(0)
    weight = he_truncated_(torch.empty(400, 500), 500)
    deviation = math.sqrt(1.3 * 2 / 500)
    assert float(weight.abs().max()) <= 2 * deviation
    # A normal distribution cut at two deviations has 0.88 of its deviation.
    assert float(weight.std()) == pytest.approx(0.88 * deviation, rel=0.01)


def test_a_transposed_kernel_counts_its_outputs_as_the_original_does() -> None:
    torch.manual_seed(0)
    weight = SimpleTransposedConv(64, 16, 3, (2, 2)).weight
    assert float(weight.detach().abs().max()) == pytest.approx(
        2 * math.sqrt(2.6 / (16 * 9)), rel=0.01
    )


def test_the_linear_output_is_what_tanh_gets(generator, inputs) -> None:
    linear = SimpleGenerator(
        NetworkConfig(latent_size=4, channels=(6, 5, 4, 3), architecture="simple", output="linear")
    ).double()
    linear.load_state_dict(generator.state_dict())
    torch.testing.assert_close(torch.tanh(linear(*inputs)), generator(*inputs))


@pytest.mark.parametrize("settings", [{"output": "skip"}, {"harmonic_maps": True}, {"level": True}])
def test_what_it_does_not_have_is_refused(settings) -> None:
    with pytest.raises(ValueError, match="simple architecture has no"):
        NetworkConfig(architecture="simple", **settings)
