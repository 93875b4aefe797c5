"""What a timbre is like, in four measures: brightness, attack, decay, noisiness."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import stft
from scipy.stats import rankdata

FEATURE_PITCH = 60
"""The pitch, middle C, at which timbres are compared."""

_FLOOR_DB = -60.0
_DECAY_SECONDS = (0.5, 2.5)
_HELD_SECONDS = (0.1, 1.5)
_ENVELOPE_SECONDS = 0.01
_STEPS_PER_WINDOW = 5

# How near a harmonic counts as part of it: vibrato and slight stretching stay in.
_HARMONIC_SHARE = 0.03
_HARMONIC_HZ = 16.0


@dataclass(frozen=True)
class TimbreFeatures:
    """Measures of one timbre, or its ranks, 0..1, among others.

    Attributes:
        brightness: Centroid of the magnitude spectrum of the whole note, Hz.
        attack: Time from a tenth to nine tenths of the peak level, seconds.
        decay: Slope of the level between 0.5 and 2.5 s, dB a second; below 0 when it falls.
        noisiness: Power beside the harmonics over all power, dB.
    """

    brightness: float
    attack: float
    decay: float
    noisiness: float


def timbre_features(
    waves: Iterable[NDArray[np.float32]], sample_rate: int, pitch: int = FEATURE_PITCH
) -> list[TimbreFeatures]:
    """Measure timbres, each by one note.

    Args:
        waves: float32 [timbre, sample] or a list of [sample], at least a second long.
        sample_rate: In Hz.
        pitch: The MIDI number of all these notes.
    """
    f0_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    return [_features(np.asarray(wave, np.float64), sample_rate, f0_hz) for wave in waves]


def rank_features(timbres: Sequence[TimbreFeatures]) -> list[TimbreFeatures]:
    """Turn measures into ranks among these timbres: 0 the least, 1 the greatest, equals equal."""
    if not timbres:
        return []
    if len(timbres) == 1:
        return [TimbreFeatures(0.5, 0.5, 0.5, 0.5)]
    ranks = (rankdata([astuple(t) for t in timbres], axis=0) - 1) / (len(timbres) - 1)
    return [TimbreFeatures(*(float(x) for x in row)) for row in ranks]


def _features(wave: NDArray[np.float64], sample_rate: int, f0_hz: float) -> TimbreFeatures:
    level, step_seconds = envelope(wave, sample_rate)
    return TimbreFeatures(
        brightness=_centroid_hz(wave, sample_rate),
        attack=_attack_seconds(level, step_seconds),
        decay=_decay_db_per_second(level, step_seconds),
        noisiness=_noise_db(wave, sample_rate, f0_hz),
    )


def envelope(
    wave: NDArray[np.float64], sample_rate: int, window_seconds: float = _ENVELOPE_SECONDS
) -> tuple[NDArray[np.float64], float]:
    """Measure the level through a Hann window, five steps a window.

    Returns:
        float64 [step], root of the mean square; and the seconds from one step to the next.
    """
    hop = max(1, round(window_seconds * sample_rate / _STEPS_PER_WINDOW))
    window = np.hanning(hop * _STEPS_PER_WINDOW + 2)[1:-1]
    power = np.convolve(np.square(wave), window / window.sum(), mode="same")[::hop]
    return np.sqrt(np.maximum(power, 0.0)), hop / sample_rate


def _centroid_hz(wave: NDArray[np.float64], sample_rate: int) -> float:
    hertz, _, spectra = stft(wave, sample_rate, nperseg=2048)
    magnitude = np.abs(spectra).mean(axis=1)
    magnitude[magnitude < magnitude.max() * 10 ** (_FLOOR_DB / 20)] = 0.0
    return float((hertz * magnitude).sum() / max(magnitude.sum(), 1e-20))


def _attack_seconds(level: NDArray[np.float64], step_seconds: float) -> float:
    start, end = (int(np.argmax(level >= share * level.max())) for share in (0.1, 0.9))
    return (end - start) * step_seconds


def _decay_db_per_second(level: NDArray[np.float64], step_seconds: float) -> float:
    """Fit the slope, as far as there is anything left to hear.

    A note that ends before the measured part falls from its peak to the floor instead.
    """
    if not level.any():
        return 0.0
    level_db = 20 * np.log10(np.maximum(level / level.max(), 1e-6))
    last = int(np.flatnonzero(level_db > _FLOOR_DB)[-1])
    first = round(_DECAY_SECONDS[0] / step_seconds)
    end = min(last, round(_DECAY_SECONDS[1] / step_seconds))
    if (end - first) * step_seconds < 0.1:
        return _FLOOR_DB / max((last - int(level_db.argmax())) * step_seconds, step_seconds)
    seconds = np.arange(first, end) * step_seconds
    return float(np.polyfit(seconds, level_db[first:end], 1)[0])


def _noise_db(wave: NDArray[np.float64], sample_rate: int, f0_hz: float) -> float:
    start, end = (round(seconds * sample_rate) for seconds in _HELD_SECONDS)
    held = wave[start:end]
    power = np.square(np.abs(np.fft.rfft(held * np.hanning(held.size))))
    hertz = np.fft.rfftfreq(held.size, 1 / sample_rate)
    nearest = f0_hz * np.maximum(np.round(hertz / f0_hz), 1.0)
    reach = np.maximum(_HARMONIC_HZ, np.minimum(_HARMONIC_SHARE * nearest, f0_hz / 4))
    beside = power[np.abs(hertz - nearest) > reach].sum()
    return float(10 * np.log10(max(beside / max(power.sum(), 1e-20), 1e-9)))
