"""The envelope of a voice: attack, decay, sustain, release, as charging and discharging curves."""

import math

import numpy as np
from numpy.typing import NDArray

from .kernels import kernel

BLOCK = 64

IDLE, WAITING, ATTACK, DECAY, RELEASE = 0, 1, 2, 3, 4
"""Stages of a voice. WAITING: its note is not rendered yet. DECAY goes on into sustain."""

ATTACK_TARGET = np.float32(1.2)  # aims past 1, so as to get there
RELEASE_TARGET = np.float32(-0.001)  # aims below 0, so as to end: -60 dB is as good as silence
ATTACK_TIMES = math.log(1.2 / 0.2)  # time constants from 0 to 1
RELEASE_TIMES = math.log(1.001 / 0.001)  # time constants from 1 to 0, and of a decay to -60 dB
ATTACK_ROW, DECAY_ROW, RELEASE_ROW = 0, 1, 2
N_ROWS = 3
USUAL_RELEASE = 4
N_RELEASES = 2 * USUAL_RELEASE + 1
RELEASE_OCTAVE = 2  # rows of the releases' curves to twice the speed

ONE = np.float32(1.0)
ZERO = np.float32(0.0)


@kernel
def envelope_coefficients(
    attack_seconds: float,
    decay_seconds: float,
    release_seconds: float,
    sample_rate: float,
    curves: NDArray[np.float32],
) -> None:
    """Fill the curves of the three moving stages.

    Args:
        attack_seconds: From silence to full level.
        decay_seconds: From full level to 60 dB nearer to the sustain level.
        release_seconds: From full level to silence.
        sample_rate: In Hz.
        curves: float32 [3, 64], out: the share of the way still to go after 1, 2, ... 64 frames.
    """
    for row in range(N_ROWS):
        if row == ATTACK_ROW:
            rate = ATTACK_TIMES / attack_seconds
        elif row == DECAY_ROW:
            rate = RELEASE_TIMES / decay_seconds
        else:
            rate = RELEASE_TIMES / release_seconds
        for i in range(BLOCK):
            curves[row, i] = math.exp(-(i + 1) * rate / sample_rate)


@kernel
def release_curves(release_seconds: float, sample_rate: float, curves: NDArray[np.float32]) -> None:
    """Fill the curves of slower and faster releases, float32 [9, 64]; the middle one is usual."""
    for row in range(N_RELEASES):
        faster = math.pow(2.0, (row - USUAL_RELEASE) / RELEASE_OCTAVE)
        rate = RELEASE_TIMES / release_seconds * faster
        for i in range(BLOCK):
            curves[row, i] = math.exp(-(i + 1) * rate / sample_rate)


@kernel
def release_row(velocity: float, amount: float) -> int:
    """Give the curve of a release: the usual one for a key-up velocity of 64, or an amount of 0."""
    way = min(max((velocity - 64.0) / 63.0, -1.0), 1.0)
    return USUAL_RELEASE + math.floor(amount * way * USUAL_RELEASE + 0.5)


@kernel
def _approach(
    level: np.float32, target: np.float32, curve: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    distance = level - target
    for i in range(out.shape[0]):
        out[i] = target + distance * curve[i]


@kernel
def _attack_frames(level: np.float32, curve: NDArray[np.float32]) -> int:
    """Count the frames until the attack is over: 1 to 64."""
    still = (ATTACK_TARGET - ONE) / (ATTACK_TARGET - level)
    for i in range(BLOCK):
        if curve[i] <= still:
            return i + 1
    return BLOCK


@kernel
def envelope_block(
    stage: int,
    level: np.float32,
    sustain: np.float32,
    curves: NDArray[np.float32],
    release: NDArray[np.float32],
    out: NDArray[np.float32],
) -> int:
    """Write one block of a voice's envelope, or a part of it.

    Args:
        stage: ATTACK, DECAY or RELEASE.
        level: Where the last block ended.
        sustain: Level that the decay ends at.
        curves: float32 [3, 64] of `envelope_coefficients`.
        release: float32 [64], the curve of this voice's release: a half pedal makes it slower.
        out: float32 [frame], up to 64 levels 0..1; its last one is the next block's `level`.

    Returns:
        The stage after this block; IDLE when the release is over.
    """
    if stage == ATTACK:
        n = min(_attack_frames(level, curves[ATTACK_ROW]), out.shape[0])
        _approach(level, ATTACK_TARGET, curves[ATTACK_ROW], out[:n])
        if out[n - 1] < ONE:
            return ATTACK
        out[n - 1] = ONE
        _approach(ONE, sustain, curves[DECAY_ROW], out[n:])
        return DECAY
    if stage == DECAY:
        _approach(level, sustain, curves[DECAY_ROW], out)
        return DECAY
    _approach(level, RELEASE_TARGET, release, out)
    if out[out.shape[0] - 1] > ZERO:
        return RELEASE
    for i in range(out.shape[0]):
        out[i] = max(out[i], ZERO)
    return IDLE
