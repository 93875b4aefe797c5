"""The limiter at the end: nothing passes full scale, and what is below -1 dB is not touched."""

import math

import numpy as np
from numpy.typing import NDArray

from .envelope import BLOCK
from .kernels import kernel

THRESHOLD = np.float32(0.891)  # -1 dB
ROOM = np.float32(1.0) - THRESHOLD
SHORTEST_ATTACK = 8  # frames
RELEASE_SECONDS = 0.15
AS_GOOD_AS_ONE = np.float32(0.9999)
ZERO, ONE = np.float32(0.0), np.float32(1.0)


@kernel
def limiter_coefficient(sample_rate: float) -> float:
    """Give the share of the way back to full gain that one block takes."""
    return 1.0 - math.exp(-BLOCK / (RELEASE_SECONDS * sample_rate))


@kernel
def soft_clip(x: np.float32) -> np.float32:
    """Bend what is above the threshold so that it stays below full scale."""
    size = abs(x)
    if size <= THRESHOLD:
        return x
    bent = THRESHOLD + ROOM * np.float32(math.tanh((size - THRESHOLD) / ROOM))
    return np.float32(math.copysign(min(bent, ONE), x))


@kernel
def limit_block(waves: NDArray[np.float32], gain: np.float32, recovery: float) -> np.float32:
    """Keep one block below full scale, in place.

    It sees the whole block before the first frame goes out, so it looks ahead up to 64 frames
    without any delay: the gain ramps down to where the block's peak needs it. What comes too
    early in a block for that is bent by the soft clip, for a millisecond at most.

    Args:
        waves: float32 [2, 64], in and out.
        gain: Where the last block ended, 0..1.
        recovery: Of `limiter_coefficient`.

    Returns:
        The gain at the end of this block.
    """
    peak, at = ZERO, 0
    for i in range(BLOCK):
        size = max(abs(waves[0, i]), abs(waves[1, i]))
        if size > peak:
            peak, at = size, i
    rising = gain + np.float32(recovery) * (ONE - gain)
    if rising > AS_GOOD_AS_ONE:
        rising = ONE
    if gain == ONE and peak <= THRESHOLD:
        return ONE
    target = rising if peak * rising <= THRESHOLD else THRESHOLD / peak
    n = BLOCK if target >= gain else max(at, SHORTEST_ATTACK)
    slope = (target - gain) / np.float32(n)
    for i in range(BLOCK):
        now = gain + slope * np.float32(min(i + 1, n))
        waves[0, i] = soft_clip(waves[0, i] * now)
        waves[1, i] = soft_clip(waves[1, i] * now)
    return target
