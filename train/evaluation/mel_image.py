"""What the classifier sees of a note: a small log-mel image, in bytes."""

from functools import cache

import librosa
import numpy as np
import soxr
from numpy.typing import NDArray

from train.datasets.notes import Wave

Image = NDArray[np.uint8]

N_MELS = 256
FLOOR_DB = -80.0
SECONDS = 4.0
_STEP_SECONDS = 0.032
_WINDOW_STEPS = 8  # a window of 0.26 s tells the semitones of the lowest octave apart
_COARSE = (32, 16)


def image_size() -> tuple[int, int]:
    """Give the bands and the times of an image."""
    return N_MELS, 1 + round(SECONDS / _STEP_SECONDS)


def mel_image(wave: Wave, wave_rate: int, sample_rate: int) -> Image:
    """Draw a note's log-mel image.

    Args:
        wave: float32 [sample], at `wave_rate`; silence is added to one shorter than 4 s.
        wave_rate: In Hz.
        sample_rate: Hz at which it is looked at; bands reach to half of it.

    Returns:
        uint8 [mel, time]: 255 the greatest, 0 what is 80 dB or more below; silence is all 0.
    """
    wave = np.nan_to_num(wave, posinf=0.0, neginf=0.0)
    if wave_rate != sample_rate:
        wave = soxr.resample(wave, wave_rate, sample_rate)
    n_samples = round(SECONDS * sample_rate)
    wave = np.pad(wave[:n_samples], (0, max(0, n_samples - wave.size)))
    hop = round(_STEP_SECONDS * sample_rate)
    spectra = librosa.stft(wave, n_fft=_WINDOW_STEPS * hop, hop_length=hop)
    power = _mel_matrix(sample_rate) @ np.square(np.abs(spectra))
    peak = float(power.max())
    if not peak > 1e-12:
        return np.zeros(image_size(), np.uint8)
    level_db = 10 * np.log10(np.maximum(power / peak, 1e-12))
    return np.rint(255 * np.maximum(1 - level_db / FLOOR_DB, 0)).astype(np.uint8)


def image_db(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Turn bytes of images, of any shape, into dB re the greatest: -80 to 0."""
    return np.float32(FLOOR_DB) * (1 - image.astype(np.float32) / np.float32(255))


def coarse(images: Image) -> NDArray[np.float32]:
    """Average images over blocks: uint8 [note, mel, time] to dB, float32 [note, 512]."""
    n_mels, n_times = (n // parts * parts for n, parts in zip(image_size(), _COARSE, strict=True))
    rows, columns = _COARSE
    blocks = images[:, :n_mels, :n_times].reshape(
        len(images), rows, n_mels // rows, columns, n_times // columns
    )
    return image_db(blocks.mean(axis=(2, 4), dtype=np.float32)).reshape(len(images), -1)


@cache
def _mel_matrix(sample_rate: int) -> NDArray[np.float32]:
    n_fft = _WINDOW_STEPS * round(_STEP_SECONDS * sample_rate)
    # HTK's scale is narrower in the bass, where harmonics lie 33 Hz apart.
    return librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=N_MELS, htk=True, norm=None)
