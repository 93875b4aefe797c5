"""Log-mel specgrams of notes, how far two notes are apart by them, and what a timbre is by them."""

import itertools

import librosa
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from train.datasets.notes import Wave

N_MELS = 128
FLOOR_DB = -80.0
_N_FFT = 2048
_HOP = 512

_N_CEPSTRA = 14
_TIMBRE_SECONDS = (0.0, 0.15, 1.0, 2.5)


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


def timbre_vector(mel: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Describe a timbre in a way that hardly depends on the pitch.

    Args:
        mel: float32 [mel, time] as `log_mel` gives it.
        sample_rate: In Hz, of the wave that it is of.

    Returns:
        float32 [42]: the cepstrum of the attack's, the held part's and the decay's mean spectrum,
        14 numbers each, in dB.
    """
    edges = [round(seconds * sample_rate / _HOP) for seconds in _TIMBRE_SECONDS]
    floored = np.maximum(mel, FLOOR_DB)
    parts = []
    for start, end in itertools.pairwise(edges):
        place = min(start, floored.shape[1] - 1)
        spectrum = floored[:, place : max(end, place + 1)].mean(axis=1)
        parts.append(dct(spectrum, norm="ortho")[:_N_CEPSTRA])
    return np.concatenate(parts).astype(np.float32)
