"""The GPU's form of the generator gives what the generator gives, on every device here.

The bounds are those of the documentation; rounding in networks of a few random channels, as
here, goes further than in real ones.
"""

import pytest
import torch

from model.config import NetworkConfig
from model.device import list_devices
from model.generator import Generator
from model.gpu_generator import GPUGenerator, Precision
from model.warped import WarpedConfig, warped_frequencies

PUBLISHED = NetworkConfig(latent_size=8, channels=(16, 16, 16, 8, 8, 4, 4))
OURS = NetworkConfig(
    latent_size=8,
    channels=(24, 16, 16, 8, 8, 5, 3),
    first_head=4,
    output="skip",
    harmonic_maps=True,
    pitch_gain=3.0,
)
LINEAR = NetworkConfig(latent_size=5, channels=(6, 5, 4), start=(4, 8), output="linear")
CONFIGS = {"published": PUBLISHED, "ours": OURS, "linear": LINEAR}
DEVICES = [device.name for device in list_devices()]
BOUNDS: dict[Precision, float] = {"fp32": 1e-4, "tf32": 1e-2, "bf16": 0.1}


@pytest.fixture(params=CONFIGS)
def generator(request: pytest.FixtureRequest) -> Generator:
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    freqs_hz = warped_frequencies(WarpedConfig()) if config.harmonic_maps else None
    generator = Generator(config, freqs_hz)
    for name, parameter in generator.named_parameters():
        if "bias" in name or "to_rgb" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return generator.requires_grad_(False)


def inputs(config: NetworkConfig, n: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.randn(n, config.latent_size), torch.arange(n) * 19 % 61 + 24


def relative_rms(got: torch.Tensor, expected: torch.Tensor) -> float:
    error = (got - expected).square().mean() / expected.square().mean()
    return float(error.sqrt())


@pytest.mark.parametrize("n_times", [None, 1, 5, 8])
@pytest.mark.parametrize("precision", BOUNDS)
@pytest.mark.parametrize("device", DEVICES)
def test_its_images_are_within_the_bound_of_its_precision(
    generator: Generator, device: str, precision: Precision, n_times: int | None
) -> None:
    z, pitch = inputs(generator.config)
    expected = generator(z, pitch, n_times=n_times)
    fast = GPUGenerator(generator.to(device), precision)
    got = fast(z.to(device), pitch.to(device), n_times=n_times)
    assert (got.shape, got.dtype) == (expected.shape, torch.float32)
    assert relative_rms(got.cpu(), expected) < BOUNDS[precision]


def test_bf16_rounds_and_float32_does_not(generator: Generator) -> None:
    z, pitch = inputs(generator.config)
    expected = generator(z, pitch)
    errors = [
        relative_rms(GPUGenerator(generator, p)(z, pitch), expected) for p in ("fp32", "bf16")
    ]
    assert errors[1] > 100 * errors[0]


@pytest.mark.parametrize("device", DEVICES)
def test_the_first_columns_are_those_of_the_whole(generator: Generator, device: str) -> None:
    z, pitch = (x.to(device) for x in inputs(generator.config))
    fast = GPUGenerator(generator.to(device), "fp32")
    whole = fast(z, pitch)
    for n_times in range(1, whole.shape[2] + 1, 5):
        part = fast(z, pitch, n_times=n_times)
        assert relative_rms(part, whole[:, :, :n_times]) < 1e-4


@pytest.mark.parametrize("device", DEVICES)
def test_a_note_is_the_same_alone_and_in_a_batch_of_any_size(
    generator: Generator, device: str, caplog: pytest.LogCaptureFixture
) -> None:
    z, pitch = (x.to(device) for x in inputs(generator.config, 7))
    fast = GPUGenerator(generator.to(device), "fp32", batch_sizes=(1, 4))
    alone = torch.cat([fast(z[i : i + 1], pitch[i : i + 1]) for i in range(len(z))])
    assert relative_rms(fast(z, pitch), alone) < 1e-4
    assert not caplog.messages  # on CUDA: all of it through graphs


def test_it_says_which_shapes_it_is_made_for() -> None:
    assert all(GPUGenerator.suits(config) for config in CONFIGS.values())
    for odd in (
        NetworkConfig(progress=5.5),
        NetworkConfig(kernel_size=5),
        NetworkConfig(architecture="simple"),
        NetworkConfig(noise=True),
    ):
        assert not GPUGenerator.suits(odd)
