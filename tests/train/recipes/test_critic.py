"""The critic: what it sees, how it grows, and that its shortcuts are exact."""

import math

import pytest
import torch
from torch.nn import functional

from model.config import NetworkConfig
from train.recipes.critic import (
    Critic,
    CriticConfig,
    append_group_deviation,
    averaging_kernel,
    judged_planes,
)

NETWORK = NetworkConfig(
    latent_size=8, channels=(8, 8, 8, 8, 4), first_head=4, output="skip", harmonic_maps=True
)
FREQS_HZ = torch.linspace(15, 4000, 256, dtype=torch.float64)
DB_PER_UNIT = 56.25


@pytest.fixture
def critic() -> Critic:
    torch.manual_seed(0)
    return Critic(CriticConfig(network=NETWORK, db_per_unit=DB_PER_UNIT), FREQS_HZ)


def planes(n: int, stage: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.randn(n, 3, *NETWORK.stage_size(stage), generator=random)


def test_a_phase_and_the_same_a_turn_further_look_alike() -> None:
    images = torch.rand(2, 2, 16, 128) - 0.5
    turned = images + torch.tensor([0.0, 2.0]).view(1, 2, 1, 1)
    assert torch.allclose(
        judged_planes(images, DB_PER_UNIT), judged_planes(turned, DB_PER_UNIT), atol=1e-5
    )


def test_the_phase_of_what_cannot_be_heard_is_not_seen() -> None:
    images = torch.rand(1, 2, 16, 128)
    images[:, 0] = -0.5
    images[:, 0, 0, 0] = 0.8  # the peak; the rest is 73 dB below it
    _, cosine, sine = judged_planes(images, DB_PER_UNIT).unbind(1)
    heard = math.cos(math.pi * float(images[0, 1, 0, 0]))
    assert float(cosine[0, 0, 0]) == pytest.approx(heard, abs=1e-6)  # float32's own error
    assert float(cosine.abs().sum() - cosine[0, 0, 0].abs()) == 0
    assert float(sine.abs().sum() - sine[0, 0, 0].abs()) == 0


def test_what_is_below_the_floor_looks_like_the_floor_and_can_rise() -> None:
    images = torch.full((1, 2, 16, 128), -1.5, requires_grad=True)
    magnitude = judged_planes(images, DB_PER_UNIT)[:, 0]
    assert bool((magnitude == -0.8).all())
    magnitude.sum().backward()
    assert images.grad is not None
    assert bool((images.grad[:, 0] == 1).all())


def test_four_by_four_is_three_by_three_and_averaging() -> None:
    torch.manual_seed(0)
    x, kernel = torch.randn(2, 3, 8, 8).double(), torch.randn(5, 3, 3, 3).double()
    expected = functional.avg_pool2d(functional.conv2d(x, kernel, padding=1), 2)
    at_once = functional.conv2d(x, averaging_kernel(kernel), stride=2, padding=1)
    assert torch.allclose(at_once, expected, atol=1e-12)


def test_groups_are_of_neighbours() -> None:
    torch.manual_seed(0)
    x = torch.randn(8, 3, 2, 4)
    x[4:] = 10 * x[:4]
    told = append_group_deviation(x, 4)[:, 3]
    assert bool((told[:4] == told[0, 0, 0]).all())
    assert bool((told[4:] == told[4, 0, 0]).all())
    assert float(told[4, 0, 0]) == pytest.approx(10 * float(told[0, 0, 0]), rel=1e-3)
    by_hand = x[:4].std(0, correction=0).mean()
    assert float(told[0, 0, 0]) == pytest.approx(float(by_hand), rel=1e-4)


def test_a_batch_that_is_no_multiple_of_a_group_is_one() -> None:
    told = append_group_deviation(torch.randn(6, 3, 2, 4), 4)[:, 3]
    assert bool((told == told[0, 0, 0]).all())


def test_a_score_depends_on_the_pitch_that_is_asked_for(critic: Critic) -> None:
    image = planes(1, 4)
    scores = [float(critic(image, torch.tensor([pitch]), 4)[0].detach()) for pitch in (60, 61, 60)]
    assert scores[0] == scores[2] != scores[1]


def test_a_new_block_finds_the_old_ones_at_work(critic: Critic) -> None:
    pitch = torch.tensor([60, 61])
    at_low = critic(planes(2, 4), pitch, 4)[0].sum()
    used = torch.autograd.grad(at_low, list(critic.parameters()), allow_unused=True)
    names = {n for (n, _), g in zip(critic.named_parameters(), used, strict=True) if g is None}
    assert "blocks.3.conv0.weight" in names
    assert "from_image.5.weight" in names
    at_high = critic(planes(2, 5), pitch, 5)[0].sum()
    gradients = torch.autograd.grad(at_high, list(critic.parameters()), allow_unused=True)
    unused = {
        n for (n, _), g in zip(critic.named_parameters(), gradients, strict=True) if g is None
    }
    assert unused == {"pitch.weight", "pitch.bias"}


def test_scores_and_logits_have_a_number_for_each_note_and_pitch(critic: Critic) -> None:
    scores, logits = critic(planes(3, 5), torch.tensor([24, 60, 84]), 5)
    assert scores.shape == (3,)
    assert logits.shape == (3, 61)
    assert scores.dtype == logits.dtype == torch.float32
