"""Played notes made ready to learn from: rate, DC, end and level."""

import math

import numpy as np
import soxr
from scipy.signal import butter, sosfiltfilt

from .notes import Wave

NOTE_SECONDS = 4
PEAK = 0.8
SILENCE_DB = -70.0
HIGH_PASS_HZ = 20.0
FADE_SECONDS = 0.02


def shape_note(
    raw: Wave, raw_rate: int, sample_rate: int, fade_seconds: float = FADE_SECONDS
) -> tuple[Wave, float]:
    """Make a played note ready to learn from: resampled, without DC, faded, normalised.

    Args:
        raw: float32 [sample], begins with the note; what is after 4 s is cut off.
        raw_rate: Its Hz.
        sample_rate: Hz to make of it.
        fade_seconds: Length of the fade at its end, before the silence that fills 4 s.

    Returns:
        float32 [sample], exactly 4 s with a peak of 0.8, or silence where there was
        silence; and the peak before normalisation in dB of full scale.
    """
    wave = soxr.resample(raw, raw_rate, sample_rate, quality="VHQ").astype(np.float64)
    n_samples = NOTE_SECONDS * sample_rate
    n_played = min(wave.size, n_samples)
    wave = np.pad(wave[:n_samples], (0, n_samples - n_played))
    high_pass = butter(2, HIGH_PASS_HZ, "highpass", fs=sample_rate, output="sos")
    # Forwards and backwards, so that no partial is shifted against another. Before its
    # start a note stands still, which is what "constant" says.
    wave = sosfiltfilt(high_pass, wave, padtype="constant", padlen=sample_rate // 10)
    n_fade = min(round(fade_seconds * sample_rate), n_played)
    wave[n_played - n_fade : n_played] *= 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, n_fade))
    wave[n_played:] = 0.0
    peak = float(np.abs(wave).max())
    gain = PEAK / peak if peak > 0.0 else 0.0
    return (wave * gain).astype(np.float32), level_db(peak)


def level_db(peak: float) -> float:
    """Return a peak in dB of full scale; minus infinity for silence."""
    return 20.0 * math.log10(peak) if peak > 0.0 else -math.inf
