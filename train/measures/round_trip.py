"""Measures of what a note has lost on a way there and back: spectrum, level, pitch, attack.

Unlike those of `metrics`, which compare a generated note with one like it, these expect the same
note again and give nothing away: no gain is fitted, and a millisecond counts.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.datasets.notes import Wave

Floats = NDArray[np.float64]

SPECTRUM_DB = 60.0
"""How far below a note's peak its spectrum counts."""
HIGH_HZ = 8000.0
"""What a representation at 16 kHz cannot hold."""
PITCH_REACH_CENTS = 100.0
"""The largest error of pitch that is told."""

_N_FFT = 2048
_HOP = 512
_FLOOR_DB = -140.0  # re the note's peak; keeps the logarithm of silence finite
_PITCH_SECONDS = 1.0
_PITCH_ZOOM = 4  # zero-padding of the long transform
_PITCH_REACH_HZ = 2.0  # the half-width of a partial in it
_N_PARTIALS = 3
_PARTIALS_DB = 40.0
_RIVAL_DB = 6.0
_LOST_DB = 30.0  # a partial that came back so much softer is gone: these are others' skirts
_ENVELOPE_SECONDS = 0.001
# A ripple that only just reaches one of them would move the onset by a whole period.
_ONSET_LEVELS_DB = (-20.5, -20.0, -19.5)
_START_DB = -60.0
_ATTACK_SECONDS = 0.05
_LEAST_PRE_ECHO_DB = -120.0


@dataclass(frozen=True)
class RoundTrip:
    """What a note has lost.

    Attributes:
        lsd_db: Log-spectral distance: the mean over time of the root-mean-square difference in
            dB of all bins within 60 dB of the note's peak (Hann 2048, hop 512).
        high_lsd_db: The same of the bins above 8 kHz alone; None where there are none.
        snr_db: Power of the note over that of the error, sample by sample.
        convergence: Spectral convergence: the norm of the magnitudes' difference over theirs.
        level_db: Difference of the root mean squares, without its sign.
        cents: Error of pitch, without its sign: the worst of the three strongest partials in the
            first second, at most 100. None of a note without partials.
        onset_ms: How far the time is off at which the envelope passes -20 dB of its peak: the
            middle one of three levels around it.
        pre_echo_db: Error before the note's own start, re its first 50 ms; None where it
            starts at once.
    """

    lsd_db: float
    high_lsd_db: float | None
    snr_db: float
    convergence: float
    level_db: float
    cents: float | None
    onset_ms: float
    pre_echo_db: float | None


class ReferenceNote:
    """A note as it was, to measure what became of it."""

    def __init__(self, wave: Wave, sample_rate: int) -> None:
        """Take the note.

        Args:
            wave: float32 [sample], longer than a second.
            sample_rate: In Hz.

        Raises:
            ValueError: If the note is too short or silent.
        """
        if wave.size < sample_rate * _PITCH_SECONDS or not np.any(wave):
            raise ValueError("the note must be a second long and not silent")
        self.wave = wave.astype(np.float64)
        self.sample_rate = sample_rate
        self._magnitude = stft_magnitude(self.wave)
        self._peak = float(self._magnitude.max())
        self._db = self._to_db(self._magnitude)
        self._counts = self._db > -SPECTRUM_DB
        self._partials = self._find_partials()
        self._onsets = self._find_onsets(self.wave)

    def measure(self, wave: Wave) -> RoundTrip:
        """Say what was lost.

        Args:
            wave: float32 [sample], as long as the note.

        Raises:
            ValueError: If it is not.
        """
        got = np.nan_to_num(wave.astype(np.float64))
        if got.shape != self.wave.shape:
            raise ValueError(f"the wave must have {self.wave.size} samples, not {got.size}")
        error = got - self.wave
        magnitude = stft_magnitude(got)
        off_db = self._to_db(magnitude) - self._db
        first_high = math.floor(HIGH_HZ * _N_FFT / self.sample_rate) + 1
        return RoundTrip(
            lsd_db=_rms_over_time(off_db, self._counts) or 0.0,
            high_lsd_db=_rms_over_time(off_db[:, first_high:], self._counts[:, first_high:]),
            snr_db=_ratio_db(_power(self.wave), _power(error)),
            convergence=float(
                np.linalg.norm(magnitude - self._magnitude) / np.linalg.norm(self._magnitude)
            ),
            level_db=abs(_ratio_db(_power(got), _power(self.wave))),
            cents=self._cents_off(got),
            onset_ms=1000 * self._onset_error(got) / self.sample_rate,
            pre_echo_db=self._pre_echo_db(error),
        )

    def _to_db(self, magnitude: Floats) -> Floats:
        return 20 * np.log10(np.maximum(magnitude / self._peak, 10 ** (_FLOOR_DB / 20)))

    # Pitch

    def _long_spectrum_db(self, wave: Floats) -> Floats:
        n = round(_PITCH_SECONDS * self.sample_rate)
        spectrum = np.fft.rfft(wave[:n] * np.hanning(n), _PITCH_ZOOM * n)
        return 20 * np.log10(np.abs(spectrum) + 1e-12)

    def _find_partials(self) -> list[tuple[float, float]]:
        """Give the strongest partials of the long spectrum: their places in bins, and dB."""
        spectrum_db = self._long_spectrum_db(self.wave)
        maxima = _maxima(spectrum_db)
        maxima = maxima[np.argsort(-spectrum_db[maxima])]
        apart = _PITCH_REACH_HZ * _PITCH_ZOOM * _PITCH_SECONDS
        found: list[int] = []
        for place in maxima:
            if spectrum_db[place] < spectrum_db[maxima[0]] - _PARTIALS_DB:
                break
            if all(abs(place - other) > apart for other in found):
                found.append(int(place))
            if len(found) == _N_PARTIALS:
                break
        return [(_vertex(spectrum_db, place), float(spectrum_db[place])) for place in found]

    def _cents_off(self, wave: Floats) -> float | None:
        if not self._partials:
            return None
        spectrum_db = self._long_spectrum_db(wave)
        maxima = _maxima(spectrum_db)
        return max(self._partial_cents(spectrum_db, maxima, *partial) for partial in self._partials)

    def _partial_cents(
        self, spectrum_db: Floats, maxima: NDArray[np.int64], place: float, level_db: float
    ) -> float:
        reach = max(
            _PITCH_REACH_HZ * _PITCH_ZOOM * _PITCH_SECONDS,
            place * (2 ** (PITCH_REACH_CENTS / 1200) - 1),
        )
        near = maxima[np.abs(maxima - place) <= reach]
        near = near[spectrum_db[near] > level_db - _LOST_DB]
        if not near.size:
            return PITCH_REACH_CENTS
        # Of rivals, as slow beating and dense partials make them, the nearest is the same one.
        least = min(float(spectrum_db[near].max()), level_db) - _RIVAL_DB
        rivals = near[spectrum_db[near] >= least]
        nearest = int(rivals[np.argmin(np.abs(rivals - place))])
        cents = 1200 * math.log2(_vertex(spectrum_db, nearest) / place)
        return min(abs(cents), PITCH_REACH_CENTS)

    # Attack

    def _envelope(self, wave: Floats) -> Floats:
        """Give the root mean square of the millisecond around each sample."""
        n = max(1, round(_ENVELOPE_SECONDS * self.sample_rate))
        summed = np.concatenate([np.zeros(1), np.cumsum(wave**2)])
        first = np.arange(wave.size) - n // 2
        power = summed[np.minimum(first + n, wave.size)] - summed[np.maximum(first, 0)]
        return np.sqrt(np.maximum(power, 0.0) / n)

    def _find_onsets(self, wave: Floats) -> Floats:
        """Give the places where the envelope first passes each level, in samples."""
        envelope = self._envelope(wave)
        peak = envelope.max()
        return np.array(
            [_first_crossing(envelope, peak * 10 ** (db / 20)) for db in _ONSET_LEVELS_DB]
        )

    def _onset_error(self, wave: Floats) -> float:
        return float(np.median(np.abs(self._find_onsets(wave) - self._onsets)))

    def _pre_echo_db(self, error: Floats) -> float | None:
        envelope = self._envelope(self.wave)
        start = _first_crossing(envelope, envelope.max() * 10 ** (_START_DB / 20))
        window = round(_ENVELOPE_SECONDS * self.sample_rate)
        end = math.floor(start) - window
        if end < window:
            return None
        first = round(start)
        attack = self.wave[first : first + round(_ATTACK_SECONDS * self.sample_rate)]
        return max(
            _ratio_db(_power(error[:end]) / end, _power(attack) / attack.size), _LEAST_PRE_ECHO_DB
        )


def stft_magnitude(wave: Floats) -> Floats:
    """Take magnitudes: float64 [time, freq], Hann 2048, hop 512, the first around sample 0."""
    padded = np.pad(wave, _N_FFT // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)
    return np.abs(np.fft.rfft(windows * window))


def _rms_over_time(off_db: Floats, counts: NDArray[np.bool_]) -> float | None:
    """Take the root mean square of what counts at each time, and the mean of those."""
    n = counts.sum(axis=1)
    squares = np.where(counts, off_db**2, 0.0).sum(axis=1)
    return float(np.sqrt(squares[n > 0] / n[n > 0]).mean()) if n.any() else None


def _power(wave: Floats) -> float:
    return float(np.dot(wave, wave))


def _ratio_db(power: float, reference: float) -> float:
    return 10 * math.log10(max(power, 1e-20) / max(reference, 1e-20))


def _maxima(values: Floats) -> NDArray[np.int64]:
    """Find the places that are higher than both neighbours."""
    middle = values[1:-1]
    return np.flatnonzero((middle > values[:-2]) & (middle >= values[2:])) + 1


def _vertex(values: Floats, place: int) -> float:
    """Give the top of the parabola through a maximum and its neighbours."""
    left, middle, right = values[place - 1 : place + 2]
    bend = left - 2 * middle + right
    return place + (0.5 * float((left - right) / bend) if bend else 0.0)


def _first_crossing(envelope: Floats, level: float) -> float:
    """Give the place, in samples, at which an envelope first passes a level; 0 if it never does."""
    above = np.flatnonzero(envelope > level)
    if not above.size or above[0] == 0:
        return 0.0
    first = int(above[0])
    before, after = envelope[first - 1 : first + 1]
    return first - 1 + float((level - before) / (after - before))
