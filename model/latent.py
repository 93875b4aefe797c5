"""Draw, normalise and blend latent vectors."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_NEAR = 1e-6
FEWEST_TIMBRES = 8  # to tell brightness from chance
RIDGE = 0.25  # for each timbre: explains 74 % of the bundled model's brightness, left out by one


def on_sphere(z: Tensor) -> Tensor:
    """Scale latents to the sphere of radius sqrt(latent), where Gaussian ones mostly lie.

    Args:
        z: float32 [..., latent], none of them zero.

    Returns:
        float32 [..., latent].
    """
    radius = z.shape[-1] ** 0.5
    return z * (radius / z.norm(dim=-1, keepdim=True).clamp_min(_NEAR))


def draw_gaussian(n: int, latent_size: int, seed: int) -> Tensor:
    """Draw latents from N(0, 1), the prior of GANSynth as published.

    Returns:
        float32 [n, latent], the same for the same seed on every machine.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, latent_size, generator=generator)


def draw_among(fitted: Tensor, n: int, seed: int, *, n_parents: int = 3) -> Tensor:
    """Draw latents between fitted ones: random blends of a few of them.

    A decoder fitted to known timbres is only known to sound good between those, so a draw is
    a blend of `n_parents` of them with weights from a flat Dirichlet distribution.

    Args:
        fitted: float32 [timbre, latent].
        n: How many to draw.
        seed: The same seed gives the same latents.
        n_parents: How many fitted latents each draw mixes; fewer where there are fewer.

    Returns:
        float32 [n, latent].
    """
    generator = torch.Generator().manual_seed(seed)
    n_parents = min(n_parents, len(fitted))
    drawn = []
    for _ in range(n):
        parents = torch.randperm(len(fitted), generator=generator)[:n_parents]
        # Exponential variates over their sum are a draw from the flat Dirichlet distribution.
        weights = -torch.log1p(-torch.rand(n_parents, generator=generator))
        drawn.append(blend(fitted[parents], weights / weights.sum()))
    return torch.stack(drawn)


def slerp(start: Tensor, end: Tensor, t: Tensor | float) -> Tensor:
    """Go from one latent to another along the great circle.

    The angle is that between the directions; the weights are applied to the vectors as they
    are, as in GANSynth. Equal and opposite vectors, where the formula divides by zero, are
    interpolated along the straight line instead.

    Args:
        start: float32 [..., latent].
        end: float32 [..., latent].
        t: 0 gives `start`, 1 gives `end`; a number or [..., 1].

    Returns:
        float32 [..., latent], finite for finite input.

    Source: Shoemake, "Animating rotation with quaternion curves", 1985; GANSynth's
    `generate_util.slerp`, which has no guard for equal vectors.
    """
    a = start / start.norm(dim=-1, keepdim=True).clamp_min(_NEAR)
    b = end / end.norm(dim=-1, keepdim=True).clamp_min(_NEAR)
    angle = torch.acos((a * b).sum(-1, keepdim=True).clamp(-1.0, 1.0))
    sine = torch.sin(angle)
    straight = sine < 1e-3
    safe = torch.where(straight, torch.ones_like(sine), sine)
    along = (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / safe
    return torch.where(straight, (1 - t) * start + t * end, along)


def pad_weights(x: float, y: float) -> Tensor:
    """Weigh the pad's four corners by the finger's place.

    Args:
        x: 0..1, rightward.
        y: 0..1, upward.

    Returns:
        float32 [4], sum 1: bottom left, bottom right, top left, top right.
    """
    return torch.tensor([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])


def blend(latents: Tensor, weights: Tensor) -> Tensor:
    """Mix any number of latents into one; the order does not matter.

    Directions are added with the square roots of the weights, which keeps the length of
    near-orthogonal vectors, and the sum gets the weighted mean of the lengths. A weight of 1
    gives that latent back. Where the directions cancel, the heaviest latent wins.

    Args:
        latents: float32 [n, latent].
        weights: float32 [n], none negative, sum 1.

    Returns:
        float32 [latent].
    """
    lengths = latents.norm(dim=-1)
    directions = latents / lengths.clamp_min(_NEAR)[:, None]
    mixed = (weights.sqrt()[:, None] * directions).sum(0)
    if float(mixed.norm()) < 1e-4:
        mixed = directions[int(weights.argmax())]
    return mixed / mixed.norm().clamp_min(_NEAR) * (weights * lengths).sum()


def lean(z: Tensor, axes: Tensor, amounts: Tensor) -> Tensor:
    """Move latents along axes, and keep how long they are.

    Args:
        z: float32 [..., latent].
        axes: float32 [axis, latent], of length 1.
        amounts: float32 [axis], how far along each: 1 is a latent's own length.

    Returns:
        float32 [..., latent].
    """
    length = z.norm(dim=-1, keepdim=True)
    moved = z + length * (amounts @ axes)
    return moved * (length / moved.norm(dim=-1, keepdim=True).clamp_min(_NEAR))


def brightness_direction(latents: Tensor, brightness: Sequence[float]) -> Tensor | None:
    """Find the direction in which a model's timbres grow brighter.

    Args:
        latents: float32 [timbre, latent], of the named timbres.
        brightness: Of each, measured on its notes.

    Returns:
        float32 [latent] of length 1; None where the timbres are too few, or equally bright.

    Source: ridge regression; Hoerl and Kennard, "Ridge regression", 1970.
    """
    if len(latents) < FEWEST_TIMBRES:
        return None
    z = latents.double() - latents.double().mean(0)
    bright = torch.tensor(brightness, dtype=torch.float64)
    bright = bright - bright.mean()
    ridge = RIDGE * len(latents) * torch.eye(z.shape[1], dtype=torch.float64)
    slopes = torch.linalg.solve(z.T @ z + ridge, z.T @ bright)
    length = float(slopes.norm())
    return (slopes / length).float() if length > _NEAR else None


def turn(z: Tensor, direction: Tensor, angle: float) -> Tensor:
    """Turn a latent towards a direction; its length stays.

    Args:
        z: float32 [latent].
        direction: float32 [latent] of length 1.
        angle: In radians; below 0 away from it.

    Returns:
        float32 [latent]; `z` itself where it lies in the direction or against it.
    """
    length = z.norm()
    here = z / length.clamp_min(_NEAR)
    across = direction - (direction @ here) * here
    if float(across.norm()) < 1e-4:
        return z
    return length * (math.cos(angle) * here + math.sin(angle) * across / across.norm())
