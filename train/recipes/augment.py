"""Changes of notes that leave them what they are, so that a critic can't learn few notes by heart.

Gain, spectral tilt and time; never pitch, which is the label. Real and generated notes are
changed alike, and differentiably.

Source: Karras et al., "Training generative adversarial networks with limited data", 2020, whose
changes of pictures these stand in for, and whose rule adapts how many notes are changed.
"""

import math

import torch
from torch import Tensor

_GAIN_DB = 6.0
_TILT_DB = 2.0  # an octave
_TILT_CENTRE_HZ = 1000.0
_TILT_LIMIT_DB = 12.0
_LATER_SHARE, _EARLIER_SHARE = 1 / 32, 1 / 64  # of the note; earlier by less than the lead-in
_FLOOR = -0.8
_FADE = 0.1  # units of magnitude above the floor in which a gain fades in: silence stays silent


class Augmenter:
    """Changes a share of notes at random."""

    def __init__(self, freqs_hz: Tensor, db_per_unit: float) -> None:
        """Take the axis.

        Args:
            freqs_hz: [freq], the bands' centres at the full resolution, on the run's device.
            db_per_unit: Decibels of one unit of magnitude.
        """
        octaves = torch.log2(freqs_hz / _TILT_CENTRE_HZ)
        self._octaves = octaves.clamp(*(s * _TILT_LIMIT_DB / _TILT_DB for s in (-1, 1))).float()
        self._db_per_unit = db_per_unit

    def __call__(self, specgrams: Tensor, share: Tensor, random: torch.Generator) -> Tensor:
        """Change notes; each of the three changes happens to a share of them, apart.

        Args:
            specgrams: float32 [batch, 2, time, freq], at any resolution.
            share: 0..1, a scalar.
            random: Where numbers are drawn from.
        """
        n, _, n_times, n_freqs = specgrams.shape

        def happens() -> Tensor:
            return uniform(0, 1) < share

        def uniform(low: float, high: float) -> Tensor:
            drawn = torch.rand(n, generator=random).to(specgrams.device, non_blocking=True)
            return low + (high - low) * drawn

        gain_db = torch.where(happens(), uniform(-_GAIN_DB, _GAIN_DB), 0.0)
        tilt_db = torch.where(happens(), uniform(-_TILT_DB, _TILT_DB), 0.0)
        octaves = self._octaves.view(n_freqs, -1).mean(1)
        change_db = gain_db[:, None] + tilt_db[:, None] * octaves
        magnitude, ifreq = specgrams.unbind(1)
        above = ((magnitude.detach() - _FLOOR) / _FADE).clamp(0, 1)
        magnitude = magnitude + above * (change_db / self._db_per_unit)[:, None]
        earliest, latest = math.floor(n_times * _EARLIER_SHARE), math.floor(n_times * _LATER_SHARE)
        later = torch.where(happens(), uniform(-earliest - 0.5, latest + 0.5).round(), 0.0)
        return shift(torch.stack([magnitude, ifreq], 1), later.long())


def shift(specgrams: Tensor, later: Tensor) -> Tensor:
    """Move notes in time by whole columns; what comes in is silent.

    Args:
        specgrams: float32 [batch, 2, time, freq].
        later: int64 [batch], columns; earlier where it is negative.
    """
    n_times = specgrams.shape[2]
    at = torch.arange(n_times, device=specgrams.device) - later[:, None]
    inside = ((at >= 0) & (at < n_times))[:, :, None]
    index = at.clamp(0, n_times - 1)[:, None, :, None].expand_as(specgrams)
    magnitude, ifreq = specgrams.gather(2, index).unbind(1)
    return torch.stack([torch.where(inside, magnitude, _FLOOR), torch.where(inside, ifreq, 0.0)], 1)


def adapted_share(share: Tensor, sign: Tensor, target: float, step: float) -> Tensor:
    """Adapt how many notes are changed to how sure a critic is of real ones.

    Args:
        share: As it is, 0..1, a scalar.
        sign: Mean sign of its scores of real notes: 0 it guesses, 1 it knows them all.
        target: The sign above which the share rises.
        step: By how much at a time.
    """
    return (share + step * torch.sign(sign - target)).clamp(0, 1)
