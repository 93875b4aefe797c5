"""The losses of GANSynth: a Wasserstein critic with gradient penalty that also names pitches.

All images are not normalised: log magnitude in nepers and phase over pi, as the discriminator
gets them. Real and fake images of a step are blended to the same progress.

Source: Engel et al., "GANSynth", ICLR 2019; Gulrajani et al., "Improved training of Wasserstein
GANs", 2017; Odena et al., "Conditional image synthesis with auxiliary classifier GANs", 2017;
magenta/magenta (Apache-2.0), `models/gansynth/lib/model.py`, its numbers; written anew.
"""

from typing import Protocol

import msgspec
import torch
from torch import Tensor
from torch.nn import functional

from model.specgram import SpecgramConfig, stfts_to_waves, waves_to_stfts


class Critic(Protocol):
    """What the losses need of a discriminator; see `model.discriminator.Discriminator`."""

    def __call__(self, images: Tensor, progress: float | None = None) -> tuple[Tensor, Tensor]:
        """Give scores [batch] and pitch logits [batch, pitch]."""
        ...


class GANLossWeights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each loss counts; the defaults are those of the published models.

    Attributes:
        gradient_penalty: Of the discriminator.
        slope: The norm of the gradient that the penalty pulls towards.
        real_score: Of the discriminator: keeps scores from drifting off.
        real_pitch: Of the discriminator, on real images only.
        fake_pitch: Of the generator.
        consistency: Of the generator, at the last resolution only.
    """

    gradient_penalty: float = 10.0
    slope: float = 1.0
    real_score: float = 0.001
    real_pitch: float = 10.0
    fake_pitch: float = 10.0
    consistency: float = 0.0

    def __post_init__(self) -> None:
        if self.slope <= 0:
            raise ValueError(f"slope must be above 0, not {self.slope:g}")
        if min(getattr(self, name) for name in self.__struct_fields__) < 0:
            raise ValueError("no loss may count less than nothing")


def generator_losses(
    discriminator: Critic,
    fake: Tensor,
    pitch_class: Tensor,
    weights: GANLossWeights = GANLossWeights(),  # noqa: B008  frozen
    progress: float | None = None,
    inconsistency: Tensor | None = None,
) -> dict[str, Tensor]:
    """Say how well the generator deceives.

    Args:
        discriminator: Its weights should not collect gradients.
        fake: float32 [batch, 2, time, freq], with the generator's gradient.
        pitch_class: int64 [batch], what the generator was asked for, counted from 0.
        weights: How much each loss counts.
        progress: Of the growing.
        inconsistency: What `consistency_loss` says of the fakes, at the last resolution.

    Returns:
        "adversarial", "fake_pitch" and, where it is given, "consistency", weighted; their sum
        is what the generator lowers.
    """
    score, logits = discriminator(fake, progress)
    losses = {
        "adversarial": -score.mean(),
        "fake_pitch": weights.fake_pitch * functional.cross_entropy(logits, pitch_class),
    }
    if inconsistency is not None:
        losses["consistency"] = weights.consistency * inconsistency
    return losses


def discriminator_losses(
    discriminator: Critic,
    real: Tensor,
    fake: Tensor,
    pitch_class: Tensor,
    mix: Tensor,
    weights: GANLossWeights = GANLossWeights(),  # noqa: B008  frozen
    progress: float | None = None,
    n_pixels_each: int = 1,
) -> dict[str, Tensor]:
    """Say how well the discriminator tells real from fake.

    Real and fake images go through it apart, because it looks at how much a batch differs.

    Args:
        discriminator: What is to learn.
        real: float32 [batch, 2, time, freq].
        fake: The same shape; it gets no gradient.
        pitch_class: int64 [batch], of the real images, counted from 0.
        mix: float32 [batch], uniform from 0 to 1: where between them the slope is measured.
        weights: How much each loss counts.
        progress: Of the growing.
        n_pixels_each: Of the generator's output that each pixel of these images stands for,
            where they are at a lower resolution; see `slopes`.

    Returns:
        "adversarial", "gradient_penalty", "real_score" and "real_pitch", weighted; their sum
        is what the discriminator lowers.
    """
    fake = fake.detach()
    real_score, logits = discriminator(real, progress)
    fake_score, _ = discriminator(fake, progress)
    steepness = slopes(discriminator, real, fake, mix, progress, n_pixels_each)
    return {
        "adversarial": fake_score.mean() - real_score.mean(),
        "gradient_penalty": weights.gradient_penalty
        * (steepness / weights.slope - 1).square().mean(),
        "real_score": weights.real_score * real_score.square().mean(),
        "real_pitch": weights.real_pitch * functional.cross_entropy(logits, pitch_class),
    }


def slopes(
    discriminator: Critic,
    real: Tensor,
    fake: Tensor,
    mix: Tensor,
    progress: float | None = None,
    n_pixels_each: int = 1,
) -> Tensor:
    """Measure how steeply the critic's score rises between real and fake images.

    The slope is that over the pixels of the generator's output. Images at a lower resolution
    stand for such an output with repeated pixels, over which each of their gradients is spread
    evenly: the norm is smaller by the root of how many there are.

    Args:
        discriminator: What is measured.
        real: float32 [batch, 2, time, freq].
        fake: The same shape.
        mix: float32 [batch]: 0 measures at the real image, 1 at the fake one.
        progress: Of the growing.
        n_pixels_each: See `discriminator_losses`.

    Returns:
        float32 [batch], the norm of each image's gradient, itself differentiable.
    """
    at = real + mix[:, None, None, None] * (fake - real)
    at = at.detach().requires_grad_()
    score, _ = discriminator(at, progress)
    (gradient,) = torch.autograd.grad(score.sum(), at, create_graph=True)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1) / n_pixels_each**0.5


def consistency_loss(stfts: Tensor, config: SpecgramConfig) -> Tensor:
    """Say how far spectra are from those of any wave, after Griffin and Lim.

    Args:
        stfts: complex64 [batch, time, freq], of generated notes.
        config: Says the length, the hop and the number of bins.

    Returns:
        The mean square of the difference that a way to waves and back makes to the magnitudes,
        over the largest of them, but at least over 1.
    """
    magnitude = stfts.abs()
    again = waves_to_stfts(stfts_to_waves(stfts, config), config).abs()
    largest = torch.maximum(magnitude.amax((1, 2)), again.amax((1, 2))).clamp_min(1.0)
    return ((magnitude - again) / largest[:, None, None]).square().mean()
