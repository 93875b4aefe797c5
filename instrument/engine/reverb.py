"""The reverb: sixteen delay lines that feed each other, after diffusers that thicken what comes in.

Source: Jot and Chaigne, "Digital delay networks for designing artificial reverberators", AES
Convention 90, 1991: a lossless matrix, and in each line the loss that makes all of them decay by
60 dB in the same time, at low frequencies and at a high one. The diffusers are allpasses in
series (Schroeder, "Natural sounding artificial reverberation", JAES 10 (3), 1962), with the four
lengths of Dattorro's plate ("Effect Design, Part 1", JAES 45 (9), 1997), whose idea it also is to
let the lines' lengths swing so that no resonance is heard. Numbers and code are our own.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .delay_line import read_between, ring_frames, sane
from .envelope import BLOCK
from .kernels import Record, inlined, kernel
from .voice import hermite

N_LINES = 16
SHORTEST_SECONDS, LONGEST_SECONDS = 0.019, 0.083  # of the lines
SWING_SECONDS = 0.00015  # that a line's length swings to each side
SLOWEST_HZ, FASTEST_HZ = 0.23, 0.71  # of the swings
DIFFUSER_SECONDS = (0.00477, 0.00359, 0.01273, 0.00931)
DIFFUSER_GAINS = (0.75, 0.75, 0.625, 0.625)
N_DIFFUSERS = 4
RIGHT_RATIO = 1.07  # of the right side's diffusers to the left's
LATEST_SECONDS = 0.25  # before the reverb begins
FADE_SECONDS = 0.05  # from one such time to another
HIGH_HZ = 6000.0  # where the damping says how much sooner it decays
MOST_DAMPING = 0.95  # of the time at low frequencies
SPREAD = np.float32(1.0 / math.sqrt(N_LINES / 2))  # what comes in, on half of the lines
EVEN = np.float32(1.0 / math.sqrt(N_LINES))  # makes the matrix lossless
WET_GAIN = np.float32(2.0)
LEFT_ROW, RIGHT_ROW = 5, 10  # of the matrix: two sums that have nothing in common
TINY = np.float32(1e-15)
TWO_PI = 2.0 * math.pi

reverb_dtype = np.dtype(
    [
        ("start", np.int64),  # of its part of the memory
        ("length", np.int64),
        ("dirty", np.int64),  # frames of it still to be emptied
        ("running", np.int64),
        ("fresh", np.int64),  # 1: it has just begun
        ("entered", np.float64),  # what of the mix is let in, 0..1
        ("mix", np.float64),  # how much of it was heard at the end of the last block
        ("place", np.int64),  # where the next block is written, in frames since it began
        ("first_ring", np.int64),  # frames of one side before the reverb
        ("diffuser_ring", np.int64),  # of one diffuser
        ("line_ring", np.int64),  # of one line
        ("before", np.int64),  # the time before it begins that fades out, in frames
        ("after", np.int64),  # the one that fades in
        ("share", np.float64),  # of the latter, 0..1
        ("seconds", np.float64),  # that the gains were made for
        ("damping", np.float64),  # as `seconds`
        ("diffusers", np.int64, (2, N_DIFFUSERS)),  # lengths, in frames
        ("lines", np.int64, (N_LINES,)),  # lengths, in frames
        ("rates", np.float64, (N_LINES,)),  # of the swings, in Hz
        ("phases", np.float64, (N_LINES,)),  # cycles
        ("swings", np.float64, (N_LINES,)),  # frames, at the end of the last block
        ("gains", np.float32, (N_LINES,)),
        ("gains_after", np.float32, (N_LINES,)),
        ("poles", np.float32, (N_LINES,)),
        ("poles_after", np.float32, (N_LINES,)),
        ("low", np.float32, (N_LINES,)),  # states of the damping
        ("diffused", np.float32, (2, BLOCK)),
        ("frames", np.float32, (BLOCK, N_LINES)),  # what comes out of the lines
        ("rows", np.float32, (N_LINES, BLOCK)),  # the same, and then what goes in
        ("wet", np.float32, (2, BLOCK)),
    ],
    align=True,
)


def reverb_rows(sample_rate: float) -> dict[str, object]:
    """Give the fields of a reverb for a rate, in Hz."""
    first_ring = ring_frames(LATEST_SECONDS * sample_rate)
    diffuser_ring = ring_frames(RIGHT_RATIO * max(DIFFUSER_SECONDS) * sample_rate)
    line_ring = ring_frames((LONGEST_SECONDS + SWING_SECONDS) * sample_rate * 1.1 + 8)
    way = np.arange(N_LINES) / (N_LINES - 1)
    seconds = SHORTEST_SECONDS * (LONGEST_SECONDS / SHORTEST_SECONDS) ** way
    sides = np.outer([1.0, RIGHT_RATIO], DIFFUSER_SECONDS)
    # neighbours swing at unlike rates, so that none of the sums beats
    turns = (np.arange(N_LINES) * 7) % N_LINES / (N_LINES - 1)
    return {
        "first_ring": first_ring,
        "diffuser_ring": diffuser_ring,
        "line_ring": line_ring,
        "length": 2 * first_ring + 2 * N_DIFFUSERS * diffuser_ring + N_LINES * line_ring,
        "diffusers": np.maximum(np.round(sides * sample_rate), 1),
        "lines": [_next_prime(round(length * sample_rate)) for length in seconds],
        "rates": SLOWEST_HZ * (FASTEST_HZ / SLOWEST_HZ) ** turns,
        "phases": (np.arange(N_LINES) * 5) % N_LINES / N_LINES,
    }


def _next_prime(number: int) -> int:
    """Give the least prime from a number on: lengths that share a factor share echoes."""
    while any(number % divisor == 0 for divisor in range(2, math.isqrt(number) + 1)):
        number += 1
    return number


@kernel
def line_coefficients(
    n_frames: int, seconds: float, damping: float, sample_rate: float
) -> tuple[float, float]:
    """Give a line's gain and the pole of its low-pass.

    Args:
        n_frames: The line's length.
        seconds: In which low frequencies fall by 60 dB.
        damping: How much sooner 6 kHz do: 0, not at all; 1, in a twentieth of the time.
        sample_rate: In Hz.
    """
    length = n_frames / sample_rate
    high_seconds = seconds * (1.0 - MOST_DAMPING * damping)
    gain = math.pow(10.0, -3.0 * length / seconds)
    loss = math.pow(10.0, -3.0 * length * (1.0 / high_seconds - 1.0 / seconds))
    if loss > 1.0 - 1e-6:
        return gain, 0.0
    square = loss * loss
    turn = min(TWO_PI * HIGH_HZ / sample_rate, 0.9 * math.pi)
    middle = (1.0 - square * math.cos(turn)) / (1.0 - square)
    return gain, middle - math.sqrt(middle * middle - 1.0)


@inlined
def _diffuse(reverb: Record, memory: NDArray[np.float32], side: int) -> None:
    """Thicken a side's block in place."""
    wave = reverb.diffused[side]
    mask = reverb.diffuser_ring - 1
    first = reverb.start + 2 * reverb.first_ring
    for n in range(N_DIFFUSERS):
        start = first + (side * N_DIFFUSERS + n) * reverb.diffuser_ring
        back, gain = reverb.diffusers[side, n], np.float32(DIFFUSER_GAINS[n])
        for i in range(BLOCK):
            place = reverb.place + i
            old = memory[start + ((place - back) & mask)]
            new = wave[i] - gain * old
            memory[start + (place & mask)] = new if abs(new) > TINY else np.float32(0.0)
            wave[i] = old + gain * new


@inlined
def _read_lines(reverb: Record, memory: NDArray[np.float32], sample_rate: float) -> None:
    """Read a block of every line, at its swinging length."""
    mask = reverb.line_ring - 1
    first = reverb.start + 2 * reverb.first_ring + 2 * N_DIFFUSERS * reverb.diffuser_ring
    for line in range(N_LINES):
        start = first + line * reverb.line_ring
        before = reverb.swings[line]
        reverb.phases[line] = (reverb.phases[line] + reverb.rates[line] * BLOCK / sample_rate) % 1.0
        after = SWING_SECONDS * sample_rate * math.sin(TWO_PI * reverb.phases[line])
        reverb.swings[line] = after
        slope = (after - before) / BLOCK
        origin = float(reverb.place - reverb.lines[line]) - before
        for i in range(BLOCK):
            position = origin + i - slope * (i + 1)
            here = math.floor(position)
            index = int(here)
            reverb.frames[i, line] = hermite(
                memory[start + ((index - 1) & mask)],
                memory[start + (index & mask)],
                memory[start + ((index + 1) & mask)],
                memory[start + ((index + 2) & mask)],
                np.float32(position - here),
            )


@inlined
def _lose(reverb: Record) -> None:
    """Let every line lose what it loses in its length, and turn frames into rows."""
    share = np.float32(1.0 / BLOCK)
    for i in range(BLOCK):
        now = np.float32(i + 1) * share
        for line in range(N_LINES):
            pole = reverb.poles[line] + now * (reverb.poles_after[line] - reverb.poles[line])
            gain = reverb.gains[line] + now * (reverb.gains_after[line] - reverb.gains[line])
            x = reverb.frames[i, line]
            low = x + pole * (reverb.low[line] - x)
            reverb.low[line] = low
            reverb.frames[i, line] = gain * low
    for line in range(N_LINES):
        reverb.poles[line], reverb.gains[line] = reverb.poles_after[line], reverb.gains_after[line]
        if abs(reverb.low[line]) < TINY:
            reverb.low[line] = np.float32(0.0)
        for i in range(BLOCK):
            reverb.rows[line, i] = reverb.frames[i, line]


@inlined
def _mix_lines(reverb: Record) -> None:
    """Multiply the rows by Hadamard's matrix, in place: every line feeds every line."""
    half = 1
    while half < N_LINES:
        for first in range(0, N_LINES, 2 * half):
            for line in range(first, first + half):
                one, other = reverb.rows[line], reverb.rows[line + half]
                for i in range(BLOCK):
                    sum_, difference = one[i] + other[i], one[i] - other[i]
                    one[i], other[i] = sum_, difference
        half *= 2


@kernel
def reverb_block(
    reverb: Record,
    memory: NDArray[np.float32],
    feed: NDArray[np.float32],
    seconds: float,
    damping: float,
    n_before: int,
    sample_rate: float,
) -> None:
    """Take a block in and make the reverberation, float32 [2, 64], in `reverb.wet`.

    Args:
        reverb: Its state.
        memory: float32 [frame].
        feed: float32 [2, 64], the block that comes in.
        seconds: In which low frequencies fall by 60 dB.
        damping: Of `line_coefficients`.
        n_before: Frames before it begins.
        sample_rate: In Hz.
    """
    if reverb.seconds != seconds or reverb.damping != damping or reverb.fresh == 1:
        reverb.seconds, reverb.damping = seconds, damping
        for line in range(N_LINES):
            gain, pole = line_coefficients(reverb.lines[line], seconds, damping, sample_rate)
            reverb.gains_after[line], reverb.poles_after[line] = np.float32(gain), np.float32(pole)
            if reverb.fresh == 1:
                reverb.gains[line], reverb.poles[line] = np.float32(gain), np.float32(pole)
                reverb.low[line] = np.float32(0.0)
    if reverb.fresh == 1:
        reverb.fresh = 0
        reverb.before = reverb.after = n_before
    _take_in(reverb, memory, feed, n_before, sample_rate)
    _diffuse(reverb, memory, 0)
    _diffuse(reverb, memory, 1)
    _read_lines(reverb, memory, sample_rate)
    _lose(reverb)
    _mix_lines(reverb)
    for i in range(BLOCK):
        reverb.wet[0, i] = WET_GAIN * EVEN * reverb.rows[LEFT_ROW, i]
        reverb.wet[1, i] = WET_GAIN * EVEN * reverb.rows[RIGHT_ROW, i]
    _feed(reverb, memory)
    reverb.place += BLOCK


@inlined
def _take_in(
    reverb: Record,
    memory: NDArray[np.float32],
    feed: NDArray[np.float32],
    n_before: int,
    sample_rate: float,
) -> None:
    """Write what comes in, and read what came in some time before."""
    mask = reverb.first_ring - 1
    if reverb.before == reverb.after and reverb.after != n_before:
        reverb.after = n_before
        reverb.share = 0.0
    step = 0.0
    if reverb.before != reverb.after:
        step = min(1.0 / (FADE_SECONDS * sample_rate), (1.0 - reverb.share) / BLOCK)
    for side in range(2):
        start = reverb.start + side * reverb.first_ring
        for i in range(BLOCK):
            memory[start + ((reverb.place + i) & mask)] = sane(feed[side, i])
        read_between(
            memory,
            start,
            mask,
            reverb.place,
            reverb.before,
            reverb.after,
            reverb.share,
            step,
            reverb.diffused[side],
        )
    reverb.share += step * BLOCK
    if reverb.share >= 1.0 - 1e-9:
        reverb.before = reverb.after
        reverb.share = 0.0


@inlined
def _feed(reverb: Record, memory: NDArray[np.float32]) -> None:
    """Write a block into every line: its row of the matrix, and one side of what comes in."""
    mask = reverb.line_ring - 1
    first = reverb.start + 2 * reverb.first_ring + 2 * N_DIFFUSERS * reverb.diffuser_ring
    for line in range(N_LINES):
        start = first + line * reverb.line_ring
        came = reverb.diffused[line % 2]
        for i in range(BLOCK):
            x = EVEN * reverb.rows[line, i] + SPREAD * came[i]
            memory[start + ((reverb.place + i) & mask)] = sane(x)
