"""The chorus: three copies on each side whose delay swings, and so their pitch."""

import math

import numpy as np
from numpy.typing import NDArray

from .delay_line import ring_frames, sane
from .envelope import BLOCK
from .kernels import Record, kernel
from .voice import hermite

BASE_SECONDS = 0.012  # that the copies are behind, in the middle
SWING_SECONDS = 0.005  # to each side, at depth 1
N_TAPS = 3
FAST_RATIO = 9.7  # of the ensemble's second oscillator to the first: 0.6 and 6 Hz
FAST_SHARE = 0.2
TAP_GAIN = np.float32(0.5)
SIDE_PHASE = 0.25  # cycles that the right side is ahead
TWO_PI = 2.0 * math.pi

chorus_dtype = np.dtype(
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
        ("phase", np.float64),  # cycles
        ("fast_phase", np.float64),
        ("delays", np.float64, (2, N_TAPS)),  # frames, at the end of the last block
        ("wet", np.float32, (2, BLOCK)),
    ],
    align=True,
)


def chorus_rows(sample_rate: float) -> dict[str, int]:
    """Give the fields of a chorus for a rate, in Hz."""
    ring = ring_frames((BASE_SECONDS + SWING_SECONDS) * sample_rate + 4)
    return {"ring": ring, "length": 2 * ring}


@kernel
def chorus_delay(
    phase: float, fast_phase: float, depth: float, ensemble: float, sample_rate: float
) -> float:
    """Give a copy's delay in frames: never outside 12 ± 5 ms, whatever the phases.

    Args:
        phase: Of the slow oscillator, in cycles.
        fast_phase: Of the fast one.
        depth: 0..1.
        ensemble: The fast one's part, 0..1.
        sample_rate: In Hz.
    """
    fast = FAST_SHARE * ensemble
    swing = (1.0 - fast) * math.sin(TWO_PI * phase) + fast * math.sin(TWO_PI * fast_phase)
    return (BASE_SECONDS + SWING_SECONDS * depth * swing) * sample_rate


@kernel
def chorus_block(
    chorus: Record,
    memory: NDArray[np.float32],
    feed: NDArray[np.float32],
    rate_hz: float,
    depth: float,
    ensemble: float,
    sample_rate: float,
) -> None:
    """Take a block in and make the wet one, float32 [2, 64], in `chorus.wet`.

    The copies of a side are a third of a cycle apart, so that their pitches cancel on average;
    with `ensemble` they tremble as well, as those of a string machine.

    Source: the string ensembles of the 1970s, three delay lines driven by a slow and a fast
    oscillator in three phases; Dattorro, "Effect Design, Part 2", JAES 45 (10), 1997, for the
    chorus as an interpolated delay line. Ours interpolates by splines.
    """
    mask = chorus.ring - 1
    step = BLOCK / sample_rate
    chorus.phase = (chorus.phase + rate_hz * step) % 1.0
    chorus.fast_phase = (chorus.fast_phase + FAST_RATIO * rate_hz * step) % 1.0
    for side in range(2):
        start = chorus.start + side * chorus.ring
        for i in range(BLOCK):
            memory[start + ((chorus.place + i) & mask)] = sane(feed[side, i])
            chorus.wet[side, i] = np.float32(0.0)
        for tap in range(N_TAPS):
            turn = tap / N_TAPS + SIDE_PHASE * side
            after = chorus_delay(
                chorus.phase + turn, chorus.fast_phase + turn, depth, ensemble, sample_rate
            )
            before = after if chorus.fresh == 1 else chorus.delays[side, tap]
            chorus.delays[side, tap] = after
            slope = (after - before) / BLOCK
            for i in range(BLOCK):
                position = chorus.place + i - (before + slope * (i + 1))
                here = math.floor(position)
                index = int(here)
                chorus.wet[side, i] += TAP_GAIN * hermite(
                    memory[start + ((index - 1) & mask)],
                    memory[start + (index & mask)],
                    memory[start + ((index + 1) & mask)],
                    memory[start + ((index + 2) & mask)],
                    np.float32(position - here),
                )
    chorus.fresh = 0
    chorus.place = (chorus.place + BLOCK) & mask
