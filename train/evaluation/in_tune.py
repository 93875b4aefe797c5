"""Whether a note sounds its pitch, as an f0 estimator hears it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import librosa
import numpy as np
import soxr

from train.datasets.notes import Wave

IN_TUNE_CENTS = 50.0

# pyin listens from here to here, at this rate; its other settings are librosa's defaults.
_SECONDS = (0.1, 1.3)  # after the attack, and before a marimba is gone
_RATE = 16000
_REACH_SEMITONES = 26  # each way from what is expected: wrong octaves are heard as such
_STEP_SEMITONES = 0.2  # four times as fast as the default of 0.1, and fine enough
_LOWEST_HZ = 16.0  # two periods of it fill pyin's window
_HIGHEST_HZ = 7000.0
_FEWEST_SAMPLES = 2048

# The pitch is refined to a fraction of a cent where the estimator's grid allows 10 cents.
_FINE_REACH_CENTS = 30.0

PITCH_ESTIMATOR = (
    f"librosa.pyin, {_RATE} Hz, {_SECONDS[0]}..{_SECONDS[1]} s, resolution {_STEP_SEMITONES}, "
    f"{_REACH_SEMITONES} semitones each way from the pitch asked for, else defaults; then by "
    "autocorrelation between the grid's steps"
)


def cents_off(wave: Wave, sample_rate: int, pitch: int) -> float | None:
    """Measure how far a note sounds from its pitch.

    Args:
        wave: float32 [sample].
        sample_rate: In Hz.
        pitch: MIDI number that it should have.

    Returns:
        Cents, positive when it sounds too high: the median over the windows in which a pitch is
        heard, brought from the estimator's grid to the autocorrelation's peak beside it. None
        when there are none.

    Source: Mauch and Dixon, "pYIN", ICASSP 2014, as librosa (ISC) has it.
    """
    start, end = (round(seconds * sample_rate) for seconds in _SECONDS)
    held = np.nan_to_num(wave[start:end], posinf=0.0, neginf=0.0)
    held = soxr.resample(held, sample_rate, _RATE).astype(np.float32)
    if held.size < _FEWEST_SAMPLES or float(np.abs(held).max()) < 1e-5:
        return None
    expected_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    # Whole semitones below, so that the pitch itself lies on pyin's grid.
    below = min(_REACH_SEMITONES, math.floor(12 * math.log2(expected_hz / _LOWEST_HZ)))
    f0_hz, voiced, _ = librosa.pyin(
        held,
        sr=_RATE,
        fmin=expected_hz * 2 ** (-below / 12),
        fmax=min(expected_hz * 2 ** (_REACH_SEMITONES / 12), _HIGHEST_HZ),
        resolution=_STEP_SEMITONES,
    )
    if not voiced.any():
        return None
    heard_hz = _refine(held, float(np.median(f0_hz[voiced])))
    return 1200.0 * math.log2(heard_hz / expected_hz)


def fold_cents(cents: float) -> float:
    """Take whole octaves out of an interval: -600 to 600."""
    return (cents + 600.0) % 1200.0 - 600.0


@dataclass(frozen=True)
class Tuning:
    """How well in tune many notes are; a share without notes is NaN.

    Attributes:
        in_tune: Share within 50 cents of the pitch asked for; without a pitch is out of tune.
        folded: The same, whole octaves aside.
        unpitched: Share in which no pitch is heard.
        cents: Median distance from the pitch, of the pitched notes; NaN when none is.
    """

    in_tune: float
    folded: float
    unpitched: float
    cents: float

    @classmethod
    def of(cls, off: Sequence[float | None]) -> "Tuning":
        """Take what `cents_off` says of each note."""
        if not off:
            return cls(*[math.nan] * 4)
        pitched = [cents for cents in off if cents is not None]
        return cls(
            in_tune=sum(abs(cents) <= IN_TUNE_CENTS for cents in pitched) / len(off),
            folded=sum(abs(fold_cents(cents)) <= IN_TUNE_CENTS for cents in pitched) / len(off),
            unpitched=1 - len(pitched) / len(off),
            cents=float(np.median(np.abs(pitched))) if pitched else math.nan,
        )


def _refine(held: Wave, f0_hz: float) -> float:
    """Find the autocorrelation's peak about as many periods late as keep it unambiguous."""
    spectrum = np.fft.rfft(held * np.hanning(held.size), 4 * held.size)
    correlation = np.fft.irfft(np.square(np.abs(spectrum)))[: held.size // 2]
    n_periods = max(1, min(12, int(held.size / 3 * f0_hz / _RATE)))
    reach = 2 ** (_FINE_REACH_CENTS / 1200)
    low = math.floor(n_periods * _RATE / f0_hz / reach)
    high = math.ceil(n_periods * _RATE / f0_hz * reach) + 1
    low, high = max(low, 1), min(high, correlation.size - 1)
    if high - low < 2:
        return f0_hz
    best = low + int(correlation[low:high].argmax())
    if best in {low, high - 1}:
        return f0_hz
    before, at, after = correlation[best - 1 : best + 2]
    lag = best + 0.5 * (before - after) / min(before - 2 * at + after, -1e-20)
    return n_periods * _RATE / lag
