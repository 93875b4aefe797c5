"""Losses of the warm start: a specgram against the real note's.

Both are weighted by how audible each pixel is: 1 at the note's peak, falling to 0 at 60 dB
below it. Without that, the best bet is silence: 98 pixels of a hundred lie under the floor.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

AUDIBLE_DB = 60.0


def audibility(magnitude: Tensor, db_per_unit: float) -> Tensor:
    """Weigh pixels by their level under the note's peak: [batch, time, freq], 0..1.

    Args:
        magnitude: [batch, time, freq], as in a specgram.
        db_per_unit: Decibels of one unit of it.
    """
    peak = magnitude.amax((1, 2), keepdim=True)
    below = (magnitude - peak) * db_per_unit
    return ((below + AUDIBLE_DB) / AUDIBLE_DB).clamp(0, 1)


def specgram_losses(
    generated: Tensor, real: Tensor, db_per_unit: float, *, magnitude_gain: float = 8.0
) -> dict[str, Tensor]:
    """Compare specgrams.

    Args:
        generated: float32 [batch, 2, time, freq].
        real: The same shape.
        db_per_unit: Decibels of one unit of magnitude.
        magnitude_gain: How much more an audible pixel weighs than a silent one.

    Returns:
        "magnitude": weighted mean absolute error, in units of magnitude. "ifreq": weighted mean
        of 1 - cos of the error in angle, 0 right to 1 random; its weight is squared because
        phase is only predictable where a partial is strong.
    """
    weight = audibility(real[:, 0], db_per_unit)
    of_magnitude = 1 + magnitude_gain * weight
    error = (generated[:, 0] - real[:, 0]).abs()
    of_ifreq = weight.square()
    turn = 1 - torch.cos(math.pi * (generated[:, 1] - real[:, 1]))
    return {
        "magnitude": (of_magnitude * error).sum() / of_magnitude.sum(),
        "ifreq": (of_ifreq * turn).sum() / of_ifreq.sum().clamp_min(1e-6),
    }


def blend_specgrams(a: Tensor, b: Tensor, t: Tensor, db_per_unit: float) -> Tensor:
    """Blend two notes of one pitch as a listener would place them between.

    Log magnitudes are interpolated; phase differences are averaged on the circle, each with
    its linear magnitude.

    Args:
        a: [batch, 2, time, freq].
        b: The same shape and pitches.
        t: [batch], 0 gives `a`, 1 gives `b`.
        db_per_unit: Decibels of one unit of magnitude.
    """
    t = t[:, None, None]
    magnitude = (1 - t) * a[:, 0] + t * b[:, 0]
    to_nepers = db_per_unit / 20 * math.log(10)
    strength_a = (1 - t) * torch.exp((a[:, 0] - 0.8) * to_nepers)
    strength_b = t * torch.exp((b[:, 0] - 0.8) * to_nepers)
    ifreq = _circular_mean(a[:, 1], strength_a, b[:, 1], strength_b)
    return torch.stack([magnitude, ifreq], 1)


def downscale(specgrams: Tensor, factor: int, db_per_unit: float) -> Tensor:
    """Average specgrams over squares of `factor` pixels, phase differences on the circle.

    Args:
        specgrams: [batch, 2, time, freq].
        factor: 1 gives them back.
        db_per_unit: Decibels of one unit of magnitude.
    """
    if factor == 1:
        return specgrams
    magnitude, ifreq = specgrams.unbind(1)
    strength = torch.exp((magnitude - 0.8) * (db_per_unit / 20 * math.log(10)))
    angle = math.pi * ifreq
    planes = torch.stack([magnitude, strength * torch.cos(angle), strength * torch.sin(angle)], 1)
    magnitude, real, imaginary = functional.avg_pool2d(planes, factor).unbind(1)
    return torch.stack([magnitude, torch.atan2(imaginary, real) / math.pi], 1)


def _circular_mean(a: Tensor, weight_a: Tensor, b: Tensor, weight_b: Tensor) -> Tensor:
    a, b = math.pi * a, math.pi * b
    imaginary = weight_a * torch.sin(a) + weight_b * torch.sin(b)
    real = weight_a * torch.cos(a) + weight_b * torch.cos(b)
    return torch.atan2(imaginary, real) / math.pi
