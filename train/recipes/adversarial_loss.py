"""Losses between a generator and a critic that is asked about one pitch: three kinds.

Source: Goodfellow et al., "Generative adversarial nets", 2014, section 3, for the non-saturating
logistic loss; Mescheder et al., "Which training methods for GANs do actually converge?", 2018,
for the penalty at real images; Huang et al., "The GAN is dead; long live the GAN!", 2024, for
relativistic pairs with a penalty at both kinds; Gulrajani et al., 2017, for "wgan-gp".
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Kind = Literal["logistic", "rpgan", "wgan-gp"]
Score = Callable[[Tensor], Tensor]


def critic_loss(kind: Kind, real: Tensor, fake: Tensor) -> Tensor:
    """Say how badly a critic tells real from generated.

    Args:
        kind: Of the loss.
        real: float32 [batch], scores of real notes.
        fake: float32 [batch], of generated ones; with "rpgan" of the same pitches in turn.
    """
    if kind == "logistic":
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()
    if kind == "rpgan":
        return functional.softplus(fake - real).mean()
    return fake.mean() - real.mean()


def deceiver_loss(kind: Kind, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Say how badly a generator deceives.

    Args:
        kind: Of the loss.
        fake: float32 [batch], scores of what it made.
        real: float32 [batch], of real notes, with "rpgan".
    """
    if kind == "logistic":
        return functional.softplus(-fake).mean()
    if kind == "rpgan":
        assert real is not None, "pairs need both"
        return functional.softplus(real - fake).mean()
    return -fake.mean()


def squared_slopes(score: Score, planes: Tensor) -> Tensor:
    """Measure how steep a critic is at images: the mean square norm of its gradient.

    The result is differentiable; the critic must not be compiled, as torch's compiler knows no
    second derivatives.

    Args:
        score: Gives float32 [batch] of images.
        planes: float32 [batch, plane, time, freq].
    """
    at = planes.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score(at).sum(), at, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def slopes_between(score: Score, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Measure how far a critic's slope is from 1 between real and generated images.

    Args:
        score: Gives float32 [batch] of images.
        real: float32 [batch, plane, time, freq].
        fake: The same shape.
        mix: float32 [batch]: 0 measures at the real image, 1 at the generated one.

    Returns:
        The mean square distance, differentiable.
    """
    at = real + mix[:, None, None, None] * (fake - real)
    at = at.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score(at).sum(), at, create_graph=True)
    return (torch.linalg.vector_norm(gradient.flatten(1), dim=1) - 1).square().mean()
