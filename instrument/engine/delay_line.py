"""Rings of samples: reading them a block at a time, and emptying them little by little."""

import numpy as np
from numpy.typing import NDArray

from .envelope import BLOCK
from .kernels import Record, kernel

CLEARED_FRAMES = 8192  # at once: 1 µs
TINY = np.float32(1e-15)  # below this a sample is zero: denormal numbers are slow
ENTRY_SECONDS = 0.02
LOUDEST = np.float32(16.0)  # 24 dB above full scale: what is louder, or no number, is broken
ZERO = np.float32(0.0)


def ring_frames(n_frames: float) -> int:
    """Give the length of a ring that holds so many frames and a block: a power of two."""
    return 1 << (int(n_frames) + 2 * BLOCK).bit_length()


@kernel
def sane(x: np.float32) -> np.float32:
    """Bring a sample that goes into a ring into bounds; what is no number is silence."""
    if abs(x) < TINY:
        return ZERO
    if x > LOUDEST:
        return LOUDEST
    if x < -LOUDEST:
        return -LOUDEST
    return x if x == x else ZERO  # noqa: PLR0124  # not a number


@kernel
def read_between(
    memory: NDArray[np.float32],
    start: int,
    mask: int,
    place: int,
    before: int,
    after: int,
    share: float,
    share_step: float,
    out: NDArray[np.float32],
) -> None:
    """Read a block of a ring, cross-fading from one delay to another.

    Args:
        memory: float32 [frame], of all rings.
        start: The ring's first frame in it.
        mask: The ring's length less one.
        place: Where the block's first frame is written.
        before: The first delay, in frames: 64 or more where the block is not written yet.
        after: The second; the same when nothing fades.
        share: Of the second one.
        share_step: What each frame adds to that.
        out: float32 [64].
    """
    for i in range(BLOCK):
        one = memory[start + ((place + i - before) & mask)]
        other = memory[start + ((place + i - after) & mask)]
        out[i] = one + np.float32(share + share_step * (i + 1)) * (other - one)


@kernel
def wake(effect: Record, memory: NDArray[np.float32], is_wanted: bool) -> bool:
    """Say whether an effect runs in this block; its memory is silent when it begins.

    An effect that stops leaves its memory as it is; that is emptied afterwards, a piece in each
    block, so that nothing old is heard when it comes back and no block is dear.

    Args:
        effect: With the fields from `start` to `entered`.
        memory: float32 [frame], of all rings.
        is_wanted: Whether it is to be heard.
    """
    if effect.running == 1 and not is_wanted:
        effect.running = 0
        effect.dirty = effect.length
    if effect.dirty > 0:
        end = effect.start + effect.dirty
        first = max(end - CLEARED_FRAMES, effect.start)
        for i in range(first, end):
            memory[i] = ZERO
        effect.dirty = first - effect.start
        return False
    if is_wanted and effect.running == 0:
        effect.running = 1
        effect.place = 0
        effect.fresh = 1
        effect.entered = 0.0
    return is_wanted


@kernel
def let_in(
    effect: Record, mix: NDArray[np.float32], sample_rate: float, feed: NDArray[np.float32]
) -> None:
    """Copy the mix for an effect; from its beginning on it fades in, or the echo would click.

    Args:
        effect: With the field `entered`.
        mix: float32 [2, 64].
        sample_rate: In Hz.
        feed: float32 [2, 64], out.
    """
    before = np.float32(effect.entered)
    after = np.float32(min(effect.entered + BLOCK / (ENTRY_SECONDS * sample_rate), 1.0))
    slope = (after - before) / np.float32(BLOCK)
    for side in range(2):
        for i in range(BLOCK):
            feed[side, i] = mix[side, i] * (before + slope * np.float32(i + 1))
    effect.entered = after
