"""The CPU's form of the generator gives what the generator gives."""

from dataclasses import dataclass, field

import msgspec
import pytest
import torch

from model.config import NetworkConfig
from model.cpu_generator import CPUGenerator
from model.generator import Generator, rows_needed
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
NOISY = msgspec.structs.replace(OURS, noise=True)
CONFIGS = {"published": PUBLISHED, "ours": OURS, "linear": LINEAR, "noisy": NOISY}


@pytest.fixture(params=CONFIGS)
def generator(request: pytest.FixtureRequest) -> Generator:
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    freqs_hz = warped_frequencies(WarpedConfig()) if config.harmonic_maps else None
    generator = Generator(config, freqs_hz)
    for name, parameter in generator.named_parameters():
        if "bias" in name or "to_rgb" in name or "noise" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return generator.requires_grad_(False)


def inputs(generator: Generator) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.randn(3, generator.config.latent_size), torch.tensor([24, 77, 84])


def relative_rms(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Compare as a whole: pixel norm of few channels blows up rounding in single pixels."""
    error = (got - expected).square().mean() / expected.square().mean()
    return float(error.sqrt())


@pytest.mark.parametrize("n_times", [None, 1, 5, 8])
def test_it_gives_the_same_images(generator: Generator, n_times: int | None) -> None:
    expected = generator(*inputs(generator), n_times=n_times)
    got = CPUGenerator(generator)(*inputs(generator), n_times=n_times)
    assert got.shape == expected.shape
    assert relative_rms(got, expected) < 1e-4


def test_the_first_columns_are_those_of_the_whole(generator: Generator) -> None:
    fast = CPUGenerator(generator)
    whole = fast(*inputs(generator))
    for n_times in range(1, whole.shape[2] + 1, 3):
        part = fast(*inputs(generator), n_times=n_times)
        assert relative_rms(part, whole[:, :, :n_times]) < 1e-4


@pytest.mark.parametrize(("first", "n_times"), [(0, 3), (1, 4), (2, 6), (3, 2), (5, 3), (7, 1)])
def test_columns_from_the_middle_are_those_of_the_whole(
    generator: Generator, first: int, n_times: int
) -> None:
    fast = CPUGenerator(generator)
    whole = fast(*inputs(generator))
    step = whole.shape[2] // 8  # of 8 or of 128
    first, n_times = first * step + step // 2, n_times * step - step // 2
    part = fast(*inputs(generator), n_times=n_times, first=first)
    assert part.shape[2] == n_times
    assert relative_rms(part, whole[:, :, first : first + n_times]) < 1e-4


def test_a_note_is_the_same_alone_and_in_a_batch(generator: Generator) -> None:
    z, pitch = inputs(generator)
    fast = CPUGenerator(generator)
    alone = torch.cat([fast(z[i : i + 1], pitch[i : i + 1]) for i in range(len(z))])
    torch.testing.assert_close(fast(z, pitch), alone, atol=0, rtol=0)


@dataclass
class Counter:
    """Counts calls."""

    calls: int = field(default=0)

    def __call__(self) -> None:
        self.calls += 1


def test_it_stops_between_layers(generator: Generator) -> None:
    counter = Counter()
    CPUGenerator(generator, counter)(*inputs(generator))
    assert counter.calls == 3 * 2 * (len(generator.config.channels) - 1)


def test_it_says_which_shapes_it_is_made_for() -> None:
    assert CPUGenerator.suits(PUBLISHED)
    assert CPUGenerator.suits(OURS)
    for odd in (
        NetworkConfig(progress=5.5),
        NetworkConfig(upscaling=(2, 1)),
        NetworkConfig(kernel_size=5),
        NetworkConfig(architecture="simple"),
        NetworkConfig(channels=(8, 8, 8), n_resolutions=4),
    ):
        assert not CPUGenerator.suits(odd)


def test_each_block_needs_half_the_columns_and_a_few_more() -> None:
    assert rows_needed(128, (2, 4, 8, 16, 32, 64, 128)) == [2, 4, 8, 16, 32, 64, 128]
    assert rows_needed(24, (2, 4, 8, 16, 32, 64, 128)) == [2, 3, 4, 5, 8, 13, 24]
    assert rows_needed(1, (2, 4, 8)) == [2, 2, 1]


@pytest.mark.parametrize("stage", [4, 5, 6, 7])
def test_an_outline_is_what_a_lower_block_makes_of_the_whole(stage: int) -> None:
    torch.manual_seed(0)
    generator = Generator(OURS, warped_frequencies(WarpedConfig())).requires_grad_(False)
    for head in generator.to_rgb.values():
        torch.nn.init.normal_(head.get_parameter("weight"))
    fast = CPUGenerator(generator)
    part, outline = fast.with_outline(*inputs(generator), n_times=23, stage=stage)
    assert relative_rms(part, generator(*inputs(generator), n_times=23)) < 1e-4
    crop, again = fast.with_outline(*inputs(generator), n_times=32, stage=stage, first=61)
    assert relative_rms(crop, generator(*inputs(generator))[:, :, 61:93]) < 1e-4
    if stage < 7:
        torch.testing.assert_close(again, outline, atol=0, rtol=0)
    if stage < 7:
        assert relative_rms(outline, generator(*inputs(generator), stage=stage)) < 1e-4
