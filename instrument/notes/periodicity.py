"""How much a held sound repeats itself: modulation at a rate and its harmonics, band by band.

A loop that is heard is one that comes back: the level of the whole, or of some band, moves in step
with it. So the levels over time are taken apart into their rates, and what stands at the loop's
rate and its harmonics is compared with what stands between them. What is between them is the
sound's own: noise, vibrato and slow movement are not in step with a loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]
Levels = NDArray[np.float64]

EDGES_HZ = (0.0, 177.0, 354.0, 707.0, 1414.0, 2828.0, 5657.0, 11314.0)  # octaves
HEARD_DB = -40.0  # a band that is softer than the loudest by more is not judged
WINDOW_SECONDS, HOP_SECONDS = 0.040, 0.010
HIGHEST_RATE_HZ = 3.5  # what is faster is vibrato and tremolo, which may stay
OFFSETS = (
    -0.7,
    -0.6,
    -0.5,
    -0.4,
    -0.3,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
)  # where, between harmonics, the sound's own movement is read
STANDS_OUT = 8.0  # in power over what is beside it; chance hardly gives that
FLOOR_DB = -120.0
LOWEST_RATE_HZ = 0.2


@dataclass(frozen=True)
class Modulation:
    """How much the level moves in step with a rate.

    Attributes:
        total_db: In the whole sound, sidebands of all harmonics together, re the level.
        bands_db: In each octave that is heard, likewise; -120 where there is none.
        own_db: The sound's own movement of the whole at as many rates between the harmonics.
    """

    total_db: float
    bands_db: tuple[float, ...]
    own_db: float

    @property
    def worst_db(self) -> float:
        """The most in the whole sound or any band."""
        return max(self.total_db, *self.bands_db)


def band_levels(wave: Wave, sample_rate: float) -> Levels:
    """Give the levels over time, [1 + band, time]: of the whole sound, then of each octave."""
    n, hop = round(WINDOW_SECONDS * sample_rate), round(HOP_SECONDS * sample_rate)
    window = np.hanning(n).astype(np.float32)
    places = np.searchsorted(np.fft.rfftfreq(n, 1 / sample_rate), EDGES_HZ)
    frames = np.lib.stride_tricks.sliding_window_view(wave, n)[::hop]
    parts = []
    for first in range(0, len(frames), 1000):
        power = np.abs(np.fft.rfft(frames[first : first + 1000] * window)) ** 2
        ends = [*places[1:], power.shape[1]]
        bands = [power[:, a:b].sum(axis=1) for a, b in zip(places, ends, strict=True)]
        parts.append(np.array([sum(bands), *bands]))
    return np.sqrt(np.concatenate(parts, axis=1))


def modulation_at(levels: Levels, rate_hz: float) -> Modulation:
    """Measure how much levels move in step with a rate.

    Args:
        levels: float64 [1 + band, time] of `band_levels`, of many periods of the rate.
        rate_hz: Of the loop.
    """
    spectrum, resolution = _rates(levels)
    between = [_lines(spectrum, resolution, rate_hz, offset) for offset in OFFSETS]
    own = np.median(between, axis=(0, 2))
    lines = _lines(spectrum, resolution, rate_hz, 0.0)
    excess = np.where(lines > STANDS_OUT * np.mean(between, axis=0), lines, 0.0).max(axis=1)
    return Modulation(
        total_db=_db(excess[0]),
        bands_db=tuple(_db(excess[1 + band]) for band in heard_bands(levels)),
        own_db=_db(own[0]),
    )


def heard_bands(levels: Levels) -> Sequence[int]:
    """Give the octaves that are loud enough to be judged."""
    mean = levels[1:].mean(axis=1)
    return [int(i) for i in np.flatnonzero(mean > mean.max() * 10 ** (HEARD_DB / 20))]


def _rates(levels: Levels) -> tuple[Levels, float]:
    """Take levels apart into rates: power re the mean level squared [1 + band, rate], and Hz."""
    n = levels.shape[1]
    window = np.hanning(n)
    mean = np.maximum((levels * window).sum(axis=1, keepdims=True) / window.sum(), 1e-12)
    time = np.linspace(-1, 1, n)
    slope = ((levels / mean - 1) * time).sum(axis=1, keepdims=True) / (time @ time)
    flat = levels / mean - 1 - slope * time
    flat -= (flat * window).sum(axis=1, keepdims=True) / window.sum()
    spectrum = np.abs(np.fft.rfft(flat * window, axis=1)) * (2 / window.sum())
    return spectrum**2, 1 / (n * HOP_SECONDS)


def _lines(spectrum: Levels, resolution: float, rate_hz: float, offset: float) -> Levels:
    """Give the power at a rate's harmonics, moved up by a share of the rate: [1 + band, line]."""
    rates = (np.arange(1, int(HIGHEST_RATE_HZ / rate_hz) + 1) + offset) * rate_hz
    places = np.clip(np.rint(rates / resolution).astype(int), 3, spectrum.shape[1] - 2)
    # a line's power lies in three places of the window's lobe, 1.5 times that of its top
    return (spectrum[:, places - 1] + spectrum[:, places] + spectrum[:, places + 1]) / 1.5


def _db(power: float) -> float:
    return float(max(10 * np.log10(max(power, 1e-12)), FLOOR_DB))


def most_change(wave: Wave, sample_rate: float) -> float:
    """Give the greatest change of the spectrum between two windows 10 ms apart: spectral flux.

    Magnitudes that rise are added up, re those of the louder window: a click is near 1.
    """
    n, hop = 1 << round(np.log2(0.021 * sample_rate)), round(0.01 * sample_rate)
    frames = np.lib.stride_tricks.sliding_window_view(wave, n)[::hop]
    window = np.hanning(n).astype(np.float32)
    most = 0.0
    for first in range(0, len(frames) - 1, 1000):
        power = np.abs(np.fft.rfft(frames[first : first + 1001] * window))
        rises = np.maximum(np.diff(power, axis=0), 0.0).sum(axis=1)
        sums = power.sum(axis=1)
        most = max(most, float((rises / np.maximum(sums[1:], sums[:-1]).clip(1e-9)).max()))
    return most


def pitch_drift_cents(wave: Wave, sample_rate: float) -> float:
    """Give how far the strongest partial's frequency strays from its median, in cents.

    Its frequency is that by which its phase goes on from one window to the next, averaged over
    0.1 s: what is heard as a step of pitch lasts longer.
    """
    n = 1 << round(np.log2(0.085 * sample_rate))
    hop = n // 8
    frames = np.lib.stride_tricks.sliding_window_view(wave, n)[::hop]
    window = np.hanning(n).astype(np.float32)
    top = int(np.argmax(np.abs(np.fft.rfft(frames[:: max(len(frames) // 200, 1)] * window)).sum(0)))
    top = max(top, 1)
    turn = np.exp(-2j * np.pi * top * np.arange(n) / n).astype(np.complex64) * window
    partial = np.concatenate([frames[i : i + 2000] @ turn for i in range(0, len(frames), 2000)])
    advance = 2 * np.pi * top * hop / n
    steps = np.angle(partial[1:] * np.conj(partial[:-1]) * np.exp(-1j * advance)) + advance
    n_mean = max(round(0.1 * sample_rate / hop), 1)
    mean = np.convolve(steps, np.ones(n_mean) / n_mean, "valid")
    return float(1200 * np.max(np.abs(np.log2(np.maximum(mean, 1e-6) / np.median(mean)))))
