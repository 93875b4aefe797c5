"""The engine's envelope in the shapes that samplers have: which times come nearest."""

import math

from instrument.envelope import ATTACK_TIMES, RELEASE_TIMES

_OVERSHOOT = 1.2  # what an attack aims at
_SHARE_BELOW = _OVERSHOOT * (1 - math.exp(-ATTACK_TIMES)) / ATTACK_TIMES - (_OVERSHOOT - 1)
"""The mean of what an attack still lacks, as a share: a straight line lacks a half."""

SFZ_POWER = 11.3616
"""Decay and release of SFZ players fall as the time that is left to this power."""


def attack_as_line(attack_seconds: float) -> float:
    """Give the time of a straight attack that lacks as much, on the whole, as the engine's."""
    return attack_seconds * 2 * _SHARE_BELOW


def half_way_seconds(decay_seconds: float, sustain: float) -> float:
    """Give when a decay is half of its way down, in dB; to silence counts as 60 dB."""
    end = max(sustain, 1e-3)
    half = math.sqrt(end)
    start = min(sustain, half * 0.999)
    return decay_seconds / RELEASE_TIMES * -math.log((half - start) / (1 - start))


def as_power(seconds: float) -> float:
    """Give the time of an SFZ player's curve that is at -30 dB when the engine's is.

    Source: the curve is that of sfizz's ADSREnvelope (BSD-2-Clause), with the shape that ARIA has
    by default.
    """
    left = 10 ** (-30 / 20 / SFZ_POWER)
    return 0.5 * seconds / (1 - left)
