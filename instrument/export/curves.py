"""The engine's envelope in the shapes that samplers have: which times come nearest."""

import math

from instrument.engine.envelope import ATTACK_TIMES, RELEASE_TIMES

_OVERSHOOT = 1.2  # what an attack aims at
_SHARE_BELOW = _OVERSHOOT * (1 - math.exp(-ATTACK_TIMES)) / ATTACK_TIMES - (_OVERSHOOT - 1)
"""The mean of what an attack still lacks, as a share: a straight line lacks a half."""

SFZ_TIMES = 9.0
"""Time constants that SFZ players fall in the time of a decay or a release, straight in dB."""


def attack_as_line(attack_seconds: float) -> float:
    """Give the time of a straight attack that lacks as much, on the whole, as the engine's."""
    return attack_seconds * 2 * _SHARE_BELOW


def half_way_seconds(decay_seconds: float, sustain: float) -> float:
    """Give when a decay is half of its way down, in dB; to silence counts as 60 dB."""
    end = max(sustain, 1e-3)
    half = math.sqrt(end)
    start = min(sustain, half * 0.999)
    return decay_seconds / RELEASE_TIMES * -math.log((half - start) / (1 - start))


def sfz_release(release_seconds: float) -> float:
    """Give the time of an SFZ player's release that falls as fast as the engine's.

    Source: measured on sfizz 1.2 (BSD-2-Clause), whose decays and releases fall 78 dB in it.
    """
    return release_seconds * SFZ_TIMES / RELEASE_TIMES


def sfz_decay(decay_seconds: float, sustain: float) -> float:
    """Give the time of an SFZ player's decay that is half-way down, in dB, when the engine's is.

    The player falls at the same rate whatever its sustain is, and stops there.
    """
    fall = min(-math.log(max(sustain, 1e-5)), RELEASE_TIMES)
    if fall <= 0.0:
        return decay_seconds
    return SFZ_TIMES * half_way_seconds(decay_seconds, sustain) / (0.5 * fall)
