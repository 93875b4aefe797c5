"""Measures of single notes: pitch, faults, and how far one note is from another."""

import math
from dataclasses import dataclass

import librosa
import numpy as np
import soxr
from numpy.typing import NDArray

from .features import envelope

Wave = NDArray[np.float32]

IN_TUNE_CENTS = 50.0

# pyin listens from here to here, at this rate; its other settings are librosa's defaults.
PITCH_SECONDS = (0.1, 1.3)  # after the attack, and before a marimba is gone
PITCH_RATE = 16000
PITCH_REACH_SEMITONES = 26  # each way from what is expected: wrong octaves are heard as such
PITCH_STEP_SEMITONES = 0.2  # four times as fast as the default of 0.1, and fine enough
_LOWEST_HZ = 16.0  # two periods of it fill pyin's window
_HIGHEST_HZ = 7000.0

CLIP_PEAK = 1.0
DC_SHARE = 0.01
SILENT_PEAK = 0.01
# A normalised click is not a note either: its power over the whole is next to nothing.
SILENT_RMS = 0.005

N_MELS = 128
FLOOR_DB = -80.0
_N_FFT = 2048
_HOP = 512

_JITTER_WINDOW_SECONDS = 0.05
_JITTER_STEP_SECONDS = 0.02
_SOUNDING_DB = -40.0


@dataclass(frozen=True)
class Faults:
    """What is wrong with a note besides its pitch.

    Attributes:
        silent: It has no sound, or holds what is not a number.
        clipped: It reaches full scale.
        dc: Its mean is more than a hundredth of its root mean square.
    """

    silent: bool
    clipped: bool
    dc: bool


def find_faults(wave: Wave) -> Faults:
    """Look for silence, clipping and DC in float32 [sample], full scale ±1."""
    if not wave.size or not np.isfinite(wave).all():
        return Faults(silent=True, clipped=False, dc=False)
    peak = float(np.abs(wave).max())
    rms = float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))
    mean = abs(float(np.mean(wave, dtype=np.float64)))
    return Faults(
        silent=peak < SILENT_PEAK or rms < SILENT_RMS,
        clipped=peak >= CLIP_PEAK,
        dc=mean > DC_SHARE * rms,
    )


def held_part(wave: Wave, sample_rate: int) -> Wave:
    """Cut out what `cents_off` listens to, at `PITCH_RATE`: float32 [sample]."""
    start, end = (round(seconds * sample_rate) for seconds in PITCH_SECONDS)
    held = np.nan_to_num(wave[start:end])
    return soxr.resample(held, sample_rate, PITCH_RATE).astype(np.float32)


def cents_off(held: Wave, pitch: int) -> float | None:
    """Measure how far a note sounds from its pitch.

    Args:
        held: float32 [sample] as `held_part` gives it.
        pitch: MIDI number that it should have.

    Returns:
        Cents, positive when it sounds too high: the median over the windows in which a pitch is
        heard. None when there are none.

    Source: Mauch and Dixon, "pYIN", ICASSP 2014, as librosa (ISC) has it.
    """
    if held.size < _N_FFT or float(np.abs(held).max()) < 1e-5:
        return None
    expected_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    # Whole semitones below, so that the pitch itself lies on pyin's grid.
    below = min(PITCH_REACH_SEMITONES, math.floor(12 * math.log2(expected_hz / _LOWEST_HZ)))
    f0_hz, voiced, _ = librosa.pyin(
        held,
        sr=PITCH_RATE,
        fmin=expected_hz * 2 ** (-below / 12),
        fmax=min(expected_hz * 2 ** (PITCH_REACH_SEMITONES / 12), _HIGHEST_HZ),
        resolution=PITCH_STEP_SEMITONES,
    )
    if not voiced.any():
        return None
    return 1200.0 * math.log2(float(np.median(f0_hz[voiced])) / expected_hz)


def fold_cents(cents: float) -> float:
    """Take whole octaves out of an interval: -600 to 600."""
    return (cents + 600.0) % 1200.0 - 600.0


def log_mel(wave: Wave, sample_rate: int) -> NDArray[np.float32]:
    """Measure the power in mel bands: float32 [mel, time], dB re the greatest; silence -100."""
    power = librosa.feature.melspectrogram(
        y=np.nan_to_num(wave), sr=sample_rate, n_fft=_N_FFT, hop_length=_HOP, n_mels=N_MELS
    )
    return librosa.power_to_db(power, ref=max(float(power.max()), 1e-10), amin=1e-20, top_db=None)


def log_mel_distance(mel: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Compare two notes of the same length by ear's rough measure.

    Args:
        mel: float32 [mel, time] as `log_mel` gives it.
        reference: Likewise.

    Returns:
        The mean difference in dB, what is below the floor of -80 dB counting as the floor, at
        the gain of `mel`, within 20 dB, that makes it least.
    """
    floored = np.maximum(reference, FLOOR_DB)

    def distance(gain_db: float) -> float:
        return float(np.abs(np.maximum(mel + np.float32(gain_db), FLOOR_DB) - floored).mean())

    best = min(np.arange(-20.0, 21.0, 2.0), key=distance)
    return min(distance(best + fine) for fine in np.arange(-1.75, 2.0, 0.25))


def spectral_convergence(wave: Wave, reference: Wave) -> float:
    """Compare magnitude spectra: the norm of the difference over the reference's, at best gain."""
    ours, theirs = (
        np.abs(librosa.stft(np.nan_to_num(x), n_fft=_N_FFT, hop_length=_HOP))
        for x in (wave, reference)
    )
    gain = float((ours * theirs).sum()) / max(float(np.square(ours).sum()), 1e-20)
    norm = max(float(np.linalg.norm(theirs)), 1e-20)
    return float(np.linalg.norm(gain * ours - theirs)) / norm


def envelope_jitter_db(wave: Wave, sample_rate: int) -> float:
    """Measure how rough a note's level is.

    Returns:
        The median bend of the level while it sounds, in dB a step of 20 ms: how far a step's
        level lies from the middle of its neighbours', so that steady decay counts as smooth.
        0 for a note too short to say.
    """
    level, step_seconds = envelope(
        np.nan_to_num(wave).astype(np.float64), sample_rate, _JITTER_WINDOW_SECONDS
    )
    level = level[:: max(1, round(_JITTER_STEP_SECONDS / step_seconds))]
    level_db = 20 * np.log10(np.maximum(level / max(level.max(initial=0.0), 1e-20), 1e-6))
    bend = np.abs(level_db[1:-1] - (level_db[:-2] + level_db[2:]) / 2)
    sounding = bend[level_db[1:-1] > _SOUNDING_DB]
    return float(np.median(sounding)) if sounding.size else 0.0
