"""Makes of a note's steady part a texture of even level, in every band of its own.

What slowly swells or fades in four seconds of a note would swell or fade again and again when they
are gone through many times. So each frequency's slow movement is taken out, and it is left at the
level that its own straight line through decibels reaches where the texture is entered. Phases, and
what moves faster than a few times a second, stay as they are: vibrato, beating, breath.
"""

import math

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]
Powers = NDArray[np.float32]

WINDOW_SECONDS = 0.085
N_HOPS = 2  # in a window
SLOW_SECONDS = 0.1
MOST_DB = 24.0  # that a level is moved
SILENCE = 1e-12


def even_out(wave: Wave, sample_rate: float, start: int, end: int, at: int) -> Wave:
    """Even out the levels in a part of a note.

    Args:
        wave: float32 [frame], the whole note.
        sample_rate: In Hz.
        start: The part's first frame.
        end: The frame after its last.
        at: The frame whose levels it gets.

    Returns:
        float32 [end - start].
    """
    n = 1 << round(math.log2(WINDOW_SECONDS * sample_rate))
    hop = n // N_HOPS
    window = np.sqrt(np.hanning(n + 1)[:n]).astype(np.float32)
    first = start - n  # so that every frame of the part lies in as many windows
    n_windows = (end - start + n) // hop + 1
    padded = np.zeros(n_windows * hop + n, np.float32)
    there = wave[max(first, 0) : first + len(padded)]
    padded[max(-first, 0) : max(-first, 0) + len(there)] = there
    frames = np.lib.stride_tricks.sliding_window_view(padded, n)[: n_windows * hop : hop]
    spectra = np.fft.rfft(frames * window, axis=1)
    middles = first + hop * np.arange(n_windows) + n // 2
    spectra *= _gains(np.abs(spectra) ** 2, middles, (start, end), at, sample_rate / hop)
    parts = np.fft.irfft(spectra, n, axis=1).astype(np.float32) * window
    out = np.zeros((n_windows + N_HOPS, hop), np.float32)
    for i in range(N_HOPS):
        out[i : i + n_windows] += parts[:, i * hop : (i + 1) * hop]
    out *= np.float32(2 / N_HOPS)  # what the squared windows add up to
    return out.reshape(-1)[n : n + end - start]


def _gains(
    power: Powers, middles: NDArray[np.int64], part: tuple[int, int], at: int, rate: float
) -> Powers:
    """Give the factors, [window, frequency], that bring slow levels to those at one moment."""
    inside = (middles >= part[0]) & (middles <= part[1])
    near = power.astype(np.float32)
    near[:, 1:-1] = 0.5 * near[:, 1:-1] + 0.25 * (power[:, :-2] + power[:, 2:])
    slow = np.log(_smooth(near[inside], max(round(SLOW_SECONDS * rate), 1)) + SILENCE)
    time = (middles[inside] - at).astype(np.float32)
    centred = time - time.mean()
    slope = centred @ (slow - slow.mean(axis=0)) / (centred @ centred)
    wanted = slow.mean(axis=0) - slope * time.mean()
    most = MOST_DB * math.log(10) / 20
    gains = np.exp(np.clip(0.5 * (wanted - slow), -most, most))
    # beyond the part its first and last levels hold
    places = np.clip(np.cumsum(inside) - 1, 0, None)
    return np.asarray(gains[places], np.float32)


def _smooth(rows: Powers, n: int) -> Powers:
    """Average rows with their neighbours, up to `n` on each side, the nearer the more."""
    weights = np.hanning(2 * n + 3)[1:-1].astype(np.float32)
    weights /= weights.sum()
    n_rows = len(rows)
    places = np.abs(np.arange(n_rows)[:, None] + np.arange(-n, n + 1))  # mirrored at the ends
    places = np.where(places >= n_rows, 2 * (n_rows - 1) - places, places)
    matrix = np.zeros((n_rows, n_rows), np.float32)
    np.add.at(matrix, (np.arange(n_rows)[:, None], places), weights)
    return matrix @ rows
