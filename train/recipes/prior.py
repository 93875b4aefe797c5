"""How latents are drawn while a critic judges: known timbres, between two, and all over their span.

Source: our own measurements: a generator that was fitted to timbres makes bland averages where
none of them are, so latents are drawn where they lie and not all over the sphere.
"""

import torch
from torch import Tensor

from model.latent import on_sphere, slerp


def draw_latents(
    fitted: Tensor,
    n: int,
    random: torch.Generator,
    *,
    timbre_share: float,
    mix_share: float,
    noise: float,
) -> Tensor:
    """Draw latents as an instrument plays them.

    Args:
        fitted: float32 [timbre, latent], on the sphere, on any device; no gradient goes there.
        n: How many.
        random: On the CPU, so that they are the same on every device.
        timbre_share: Of fitted latents as they are.
        mix_share: Of points on the great circle between two; the rest are of `draw_span`.
        noise: Standard deviation of what is added to those two kinds, as in the warm start.

    Returns:
        float32 [n, latent], on the sphere, where `fitted` is.
    """
    fitted = fitted.detach()

    def send(numbers: Tensor) -> Tensor:
        return numbers.to(fitted.device, non_blocking=True)

    first, second = send(torch.randint(len(fitted), (2, n), generator=random))
    kind, t = send(torch.rand(2, n, generator=random))
    t = torch.where(kind < timbre_share, 0.0, t)[:, None]
    known = slerp(fitted[first], fitted[second], t)
    hiss = send(torch.randn(known.shape, generator=random))
    known = on_sphere(known + noise * hiss)
    spread = draw_span(fitted, n, random)
    return torch.where((kind < timbre_share + mix_share)[:, None], known, spread)


def draw_span(fitted: Tensor, n: int, random: torch.Generator) -> Tensor:
    """Draw from the Gaussian that has the fitted latents' mean and covariance.

    It is made without taking the covariance apart: a sum of them with Gaussian weights lies in
    their span and has their covariance.

    Args:
        fitted: float32 [timbre, latent].
        n: How many.
        random: On the CPU.

    Returns:
        float32 [n, latent], on the sphere.
    """
    weights = torch.randn(n, len(fitted), generator=random)
    weights = weights.to(fitted.device, non_blocking=True)
    mean = fitted.mean(0)
    return on_sphere(mean + weights @ (fitted - mean) / len(fitted) ** 0.5)
