"""The delay: echoes on both sides or to and fro, each darker than the one before."""

import math

import numpy as np
from numpy.typing import NDArray

from instrument.values.divisions import DELAY_BEATS

from .delay_line import read_between, ring_frames, sane
from .envelope import BLOCK
from .kernels import Record, kernel

MAXIMUM_SECONDS = 4.0
FADE_SECONDS = 0.05  # from one time to another
OPEN_HZ = 20000.0  # of the damping: at the knob's end there is none
TINY = np.float32(1e-15)
HALF, ONE = np.float32(0.5), np.float32(1.0)

delay_dtype = np.dtype(
    [
        ("start", np.int64),  # of its part of the memory
        ("length", np.int64),
        ("dirty", np.int64),  # frames of it still to be emptied
        ("running", np.int64),
        ("fresh", np.int64),  # 1: it has just begun
        ("entered", np.float64),  # what of the mix is let in, 0..1
        ("mix", np.float64),  # how much of it was heard at the end of the last block
        ("place", np.int64),  # where the next block is written
        ("ring", np.int64),  # frames of one side
        ("before", np.int64),  # the delay that fades out, in frames
        ("after", np.int64),  # the one that fades in
        ("share", np.float64),  # of the latter, 0..1
        ("low", np.float32, (2,)),  # states of the damping
        ("wet", np.float32, (2, BLOCK)),
    ],
    align=True,
)


def delay_rows(sample_rate: float) -> dict[str, int]:
    """Give the fields of a delay for a rate, in Hz."""
    ring = ring_frames(MAXIMUM_SECONDS * sample_rate)
    return {"ring": ring, "length": 2 * ring}


@kernel
def delay_frames(seconds: float, division: int, tempo: float, sample_rate: float) -> int:
    """Give the time between echoes in frames, at least a block.

    A note's value that lasts longer than four seconds at this tempo is halved until it does not.

    Args:
        seconds: Where the time is not bound to the tempo.
        division: Place in `DELAY_DIVISIONS`.
        tempo: Beats a minute.
        sample_rate: In Hz.
    """
    if division > 0:
        seconds = DELAY_BEATS[division] * 60.0 / tempo
        while seconds > MAXIMUM_SECONDS:
            seconds *= 0.5
    return max(math.floor(seconds * sample_rate + 0.5), BLOCK)


@kernel
def damping_share(cutoff_hz: float, sample_rate: float) -> float:
    """Give the share of its way that the damping's low-pass takes in a frame."""
    return 1.0 if cutoff_hz >= OPEN_HZ else 1.0 - math.exp(-2.0 * math.pi * cutoff_hz / sample_rate)


@kernel
def delay_block(
    delay: Record,
    memory: NDArray[np.float32],
    feed: NDArray[np.float32],
    n_frames: int,
    feedback: float,
    damping: float,
    crossing: float,
    sample_rate: float,
) -> None:
    """Take a block in and make the echoes, float32 [2, 64], in `delay.wet`.

    A new time is faded to, so that no echo changes its pitch. What goes round is at most
    `feedback` times what it was, at every frequency: it dies away for any knobs.

    Args:
        delay: Its state.
        memory: float32 [frame].
        feed: float32 [2, 64], the block that comes in.
        n_frames: Between two echoes, 64 or more.
        feedback: 0..1, not 1.
        damping: Of `damping_share`.
        crossing: 0, each side has its own echoes; 1, they begin at the left and go to and fro.
        sample_rate: In Hz.
    """
    mask = delay.ring - 1
    if delay.fresh == 1:
        delay.fresh = 0
        delay.before = delay.after = n_frames
        delay.low[0] = delay.low[1] = np.float32(0.0)
    if delay.before == delay.after and delay.after != n_frames:
        delay.after = n_frames
        delay.share = 0.0
    step = 0.0
    if delay.before != delay.after:
        step = min(1.0 / (FADE_SECONDS * sample_rate), (1.0 - delay.share) / BLOCK)
    for side in range(2):
        start = delay.start + side * delay.ring
        read_between(
            memory,
            start,
            mask,
            delay.place,
            delay.before,
            delay.after,
            delay.share,
            step,
            delay.wet[side],
        )
    delay.share += step * BLOCK
    if delay.share >= 1.0 - 1e-9:
        delay.before = delay.after
        delay.share = 0.0
    _feed(
        delay, memory, feed, mask, np.float32(feedback), np.float32(damping), np.float32(crossing)
    )
    delay.place = (delay.place + BLOCK) & mask


@kernel
def _feed(
    delay: Record,
    memory: NDArray[np.float32],
    feed: NDArray[np.float32],
    mask: int,
    feedback: np.float32,
    damping: np.float32,
    crossing: np.float32,
) -> None:
    """Write a block: what comes in, and what goes round."""
    left_low, right_low = delay.low[0], delay.low[1]
    straight = ONE - crossing
    for i in range(BLOCK):
        left_low += damping * (delay.wet[0, i] - left_low)
        right_low += damping * (delay.wet[1, i] - right_low)
        left_in = straight * feed[0, i] + crossing * HALF * (feed[0, i] + feed[1, i])
        left = left_in + feedback * (straight * left_low + crossing * right_low)
        right = straight * feed[1, i] + feedback * (straight * right_low + crossing * left_low)
        here = delay.start + ((delay.place + i) & mask)
        memory[here] = sane(left)
        memory[here + delay.ring] = sane(right)
    delay.low[0] = left_low if abs(left_low) > TINY else np.float32(0.0)
    delay.low[1] = right_low if abs(right_low) > TINY else np.float32(0.0)
