"""Noise for each pixel: nothing until it is learnt, then the same note each time it is played."""

import pytest
import torch

from model.config import NetworkConfig
from model.generator import Generator

CONFIG = NetworkConfig(
    latent_size=8, channels=(8, 8, 8, 8, 4), first_head=4, output="skip", noise=True
)
Z = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
PITCH = torch.tensor([60, 61])


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    made = Generator(CONFIG)
    for head in made.to_rgb.values():
        torch.nn.init.normal_(head.get_parameter("weight"))
    return made


def strengthened(generator: Generator) -> Generator:
    for name, parameter in generator.named_parameters():
        if name.endswith(".noise"):
            torch.nn.init.constant_(parameter, 0.5)
    return generator


def drawn(generator: Generator, seed: int) -> torch.Tensor:
    noise = generator.draw_noise(2, 5, torch.Generator().manual_seed(seed))
    return generator(Z, PITCH, noise=noise)


def test_noise_is_nothing_before_it_is_learnt(generator: Generator) -> None:
    assert torch.equal(drawn(generator, 0), drawn(generator, 1))


def test_blocks_from_16x128_up_learn_how_strong_it_is(generator: Generator) -> None:
    drawn(generator, 0).square().sum().backward()
    strengths = {n: p for n, p in generator.named_parameters() if n.endswith(".noise")}
    assert list(strengths) == ["blocks.2.noise", "blocks.3.noise"]
    assert all(bool((p.grad != 0).any()) for p in strengths.values())


def test_drawn_noise_makes_another_note_of_each_draw(generator: Generator) -> None:
    strengthened(generator)
    assert not torch.equal(drawn(generator, 0), drawn(generator, 1))


def test_a_note_that_is_played_again_is_the_same(generator: Generator) -> None:
    strengthened(generator)
    first, again = generator(Z, PITCH), strengthened(Generator(CONFIG))
    again.load_state_dict(generator.state_dict())
    assert torch.equal(first, again(Z, PITCH))
    assert torch.allclose(first[1:], again(Z[1:], PITCH[1:]), atol=1e-3)


def test_two_pitches_hiss_differently(generator: Generator) -> None:
    own = generator._noise_at(torch.tensor([36, 37]), 5, None, 16)
    assert own is not None
    assert own.shape == (2, 2, 32, 256)
    assert not torch.equal(own[0], own[1])


def test_the_first_columns_are_those_of_the_whole(generator: Generator) -> None:
    strengthened(generator)
    whole = generator(Z, PITCH)
    assert torch.allclose(generator(Z, PITCH, n_times=7), whole[:, :, :7], atol=1e-5)


def test_the_simple_architecture_takes_no_noise() -> None:
    with pytest.raises(ValueError, match="no skip output, maps, level or noise"):
        NetworkConfig(architecture="simple", noise=True)
