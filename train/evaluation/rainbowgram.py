"""Rainbowgrams: a note's constant-Q spectrum, bright where it is loud, coloured by its phase."""

import librosa
import numpy as np
from matplotlib.colors import hsv_to_rgb
from numpy.typing import NDArray

from train.datasets.notes import Wave

from .mel_image import SECONDS

_HOP = 512
_LOWEST_HZ = 27.5
_BANDS_AN_OCTAVE = 36
_FLOOR_DB = -60.0


def rainbowgram(wave: Wave, sample_rate: int) -> NDArray[np.uint8]:
    """Draw a note: brightness is its level down to -60 dB, hue its instantaneous frequency.

    A steady partial is a line of one colour; one that swings changes its colour.

    Args:
        wave: float32 [sample]; of other lengths than 4 s it is cut or followed by silence.
        sample_rate: In Hz.

    Returns:
        uint8 [band, time, 3], red, green and blue; the highest band, near half the rate, first.

    Source: Engel et al., "Neural audio synthesis of musical notes with WaveNet autoencoders",
    ICML 2017, figure 2. There the phase is plotted by matplotlib's "rainbow"; here by hue.
    """
    n_samples = round(SECONDS * sample_rate)
    wave = np.pad(np.nan_to_num(wave)[:n_samples], (0, max(0, n_samples - wave.size)))
    n_octaves = int(np.log2(0.45 * sample_rate / _LOWEST_HZ))
    spectrum = librosa.cqt(
        wave,
        sr=sample_rate,
        hop_length=_HOP,
        fmin=_LOWEST_HZ,
        n_bins=_BANDS_AN_OCTAVE * n_octaves,
        bins_per_octave=_BANDS_AN_OCTAVE,
    )
    magnitude = np.abs(spectrum)
    level_db = 20 * np.log10(np.maximum(magnitude / max(float(magnitude.max()), 1e-9), 1e-6))
    brightness = np.clip(1 - level_db / _FLOOR_DB, 0, 1)
    turn = np.angle(spectrum[:, 1:] * spectrum[:, :-1].conj()) / (2 * np.pi)
    hue = np.pad(turn, [(0, 0), (1, 0)], mode="edge") % 1
    colours = hsv_to_rgb(np.stack([hue, 0.75 * np.ones_like(hue), brightness], axis=-1))
    return np.rint(255 * colours[::-1]).astype(np.uint8)
