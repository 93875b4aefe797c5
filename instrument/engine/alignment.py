"""Where to enter a note so that it goes on in the phase of another one of the same pitch.

Two notes of one pitch that are cross-faded at the wrong moment cancel. Within half a period
around the present moment there is a lag at which they agree best; it is looked for coarsely on
averaged samples, then finely, at a cost of some microseconds whatever the pitch.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .kernels import Record, kernel
from .voice import MOST_BALANCE, frame_at

COARSE_POINTS = 48  # of a period
WINDOW_PERIODS = 2.5
SHORTEST_WINDOW = 128  # points; high notes look at more periods
FINE_POINTS = 128
FINE_LAGS = 16  # on each side
TAPS = 4  # samples averaged into a coarse point
COMPARED_POINTS = 384
SHORTEST_COMPARED = 768.0  # frames
SCRATCH = 512  # points of either buffer
SILENCE = 1e-9
FAR_PENALTY = 0.02  # of two lags that agree equally well, the nearer one


@kernel
def _sample(reader: Record, samples: NDArray[np.float32], offset: float) -> np.float32:
    return frame_at(reader, samples, math.floor(reader.position + offset * reader.ratio + 0.5))


@kernel
def _coarse(
    reader: Record,
    samples: NDArray[np.float32],
    first: int,
    stride: int,
    out: NDArray[np.float32],
) -> None:
    taps = min(stride, TAPS)
    for i in range(out.shape[0]):
        total = np.float32(0.0)
        for tap in range(taps):
            offset = (first + i) * stride + tap * stride / taps
            total += _sample(reader, samples, offset)
        out[i] = total


@kernel
def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Give the normalised correlation of two float32 [point]; 0 when either is silent."""
    product = power_a = power_b = np.float32(0.0)
    for i in range(a.shape[0]):
        product += a[i] * b[i]
        power_a += a[i] * a[i]
        power_b += b[i] * b[i]
    if power_a < SILENCE or power_b < SILENCE:
        return 0.0
    return float(product / math.sqrt(power_a * power_b))


@kernel
def _peak_offset(left: float, middle: float, right: float) -> float:
    """Give the place, -0.5..0.5, of the top of the parabola through three even points."""
    bend = left - 2.0 * middle + right
    if bend >= 0.0:
        return 0.0
    return min(max(0.5 * (left - right) / bend, -0.5), 0.5)


@kernel
def best_lag(
    old: Record,
    new: Record,
    pool: NDArray[np.float32],
    period: float,
    scratch: NDArray[np.float32],
) -> tuple[float, float]:
    """Find how much later to enter a note so that it agrees with the one now playing.

    Args:
        old: The reader that plays.
        new: The reader to enter, at the same moment of its note.
        pool: float32 [slot, frame].
        period: Of the pitch, in frames.
        scratch: float32 [2, 512].

    Returns:
        The lag in frames, within half a period, and the correlation there, 0..1.
    """
    old_samples, new_samples = pool[old.slot, old.shift :], pool[new.slot, new.shift :]
    stride = max(math.floor(period / COARSE_POINTS + 0.5), 1)
    half = math.ceil(0.5 * period / stride)
    n = max(int(WINDOW_PERIODS * period / stride), SHORTEST_WINDOW)
    a, b = scratch[0, :n], scratch[1, : n + 2 * half]
    _coarse(old, old_samples, 0, stride, a)
    _coarse(new, new_samples, -half, stride, b)
    best, lag = -2.0, 0
    for shift in range(-half, half + 1):
        if new.position + shift * stride * new.ratio < 0.0:
            continue
        value = _correlation(a, b[half + shift : half + shift + n])
        value -= FAR_PENALTY * abs(shift) / half
        if value > best:
            best, lag = value, shift
    return _refine(old, new, pool, lag * stride, stride, n * stride, scratch)


@kernel
def _refine(
    old: Record,
    new: Record,
    pool: NDArray[np.float32],
    lag: int,
    stride: int,
    window: int,
    scratch: NDArray[np.float32],
) -> tuple[float, float]:
    spacing = window / FINE_POINTS
    step = max(stride / FINE_LAGS, 1.0)
    n_lags = math.ceil(stride / step)
    old_samples, new_samples = pool[old.slot, old.shift :], pool[new.slot, new.shift :]
    a, b = scratch[0, :FINE_POINTS], scratch[1, :FINE_POINTS]
    for i in range(FINE_POINTS):
        a[i] = _sample(old, old_samples, math.floor(i * spacing))
    values = scratch[1, FINE_POINTS : FINE_POINTS + 2 * n_lags + 1]
    best = n_lags
    for k in range(2 * n_lags + 1):
        shift = lag + (k - n_lags) * step
        for i in range(FINE_POINTS):
            b[i] = _sample(new, new_samples, math.floor(i * spacing) + shift)
        values[k] = _correlation(a, b)
    for k in range(2 * n_lags + 1):
        if values[k] > values[best]:
            best = k
    top = 0.0
    if 0 < best < 2 * n_lags:
        top = _peak_offset(values[best - 1], values[best], values[best + 1])
    at = lag + (best - n_lags + top) * step
    at = max(at, -new.position / new.ratio)
    return at, min(max(float(values[best]), 0.0), 1.0)


@kernel
def compare(
    old: Record,
    new: Record,
    pool: NDArray[np.float32],
    period: float,
    scratch: NDArray[np.float32],
) -> tuple[float, float]:
    """Say how alike two readers' next few periods are, and how loud.

    Args:
        old: The reader that plays.
        new: The reader to enter, where it is to enter.
        pool: float32 [slot, frame].
        period: Of the pitch, in frames.
        scratch: float32 [2, 512].

    Returns:
        The correlation, -1..1, and the level of the new one re the old one, 1/32 to 32; 0 and 1
        where one of them is silent.
    """
    old_samples, new_samples = pool[old.slot, old.shift :], pool[new.slot, new.shift :]
    spacing = max(WINDOW_PERIODS * period, SHORTEST_COMPARED) / COMPARED_POINTS
    a, b = scratch[0, :COMPARED_POINTS], scratch[1, :COMPARED_POINTS]
    power_a = power_b = np.float32(0.0)
    for i in range(COMPARED_POINTS):
        a[i] = old.gain * _sample(old, old_samples, math.floor(i * spacing))
        b[i] = new.gain * _sample(new, new_samples, math.floor(i * spacing))
        power_a += a[i] * a[i]
        power_b += b[i] * b[i]
    if power_a < SILENCE or power_b < SILENCE:
        return 0.0, 1.0
    balance = math.sqrt(power_b / power_a)
    return _correlation(a, b), min(max(balance, 1.0 / MOST_BALANCE), MOST_BALANCE)
