"""A note as a picture: logarithmic frequency upward, time rightward, colour by how it wavers.

Imported only when there is a note to draw, so that the window opens before NumPy is loaded.
"""

import functools

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from instrument import NoteWave

LOWEST_HZ = 27.5
HIGHEST_HZ = 14080.0  # nine octaves
N_ROWS = 216  # 24 an octave
N_COLUMNS = 180
FFT_SECONDS = 0.085  # two periods of the lowest key's second harmonic; short enough for an attack
RANGE_DB = 66.0
ROWS_PER_HUE_TURN = 60.0  # neighbouring harmonics get hues that can be told apart
HUE_PER_SEMITONE = 0.35
N_ENVELOPE = 240


def wave_of(note: NoteWave) -> NDArray[np.float32]:
    """Give a note's samples, float32 [frame]."""
    return np.frombuffer(note.samples, dtype="<f4")


def rainbowgram(note: NoteWave) -> QImage:
    """Draw a note, `N_COLUMNS` by `N_ROWS` pixels.

    The hue of a partial comes from its frequency, and turns with what its instantaneous frequency
    (the phase's own derivative) departs from its row: a partial that beats or bends changes colour
    along the way, one in tune with itself keeps it.
    """
    decibels, frequencies = _analyse(wave_of(note), note.sample_rate)
    value = np.clip(1.0 + (decibels - decibels.max()) / RANGE_DB, 0.0, 1.0)
    rows = _row_frequencies()[:, None]
    semitones = np.clip(12.0 * np.log2(np.maximum(frequencies, 1.0) / rows), -2.0, 2.0)
    places = np.arange(N_ROWS, dtype=np.float32)[:, None]
    hue = places / ROWS_PER_HUE_TURN + 0.14 + HUE_PER_SEMITONE * semitones
    return _to_image(hue, value**1.5)


def envelope(note: NoteWave) -> NDArray[np.float32]:
    """Give the peak of each of `N_ENVELOPE` stretches, as a share of the largest."""
    wave = np.abs(wave_of(note))
    if not wave.size:
        return np.zeros(N_ENVELOPE, dtype=np.float32)
    edges = np.linspace(0, wave.size, N_ENVELOPE, endpoint=False).astype(int)
    peaks = np.maximum.reduceat(wave, edges)
    return (peaks / max(float(peaks.max()), 1e-9)).astype(np.float32)


def _analyse(
    wave: NDArray[np.float32], sample_rate: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give level in dB and instantaneous frequency in Hz, each float32 [row, column]."""
    n_fft = 1 << round(np.log2(FFT_SECONDS * sample_rate))
    padded = np.pad(wave, (n_fft // 2, n_fft // 2 + 1))
    starts = np.linspace(0, max(wave.size - 1, 0), N_COLUMNS).astype(int)
    window = np.hanning(n_fft).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)
    now = np.fft.rfft(frames[starts] * window, axis=1)
    # one sample later: the turn of the phase between the two is the frequency itself
    later = np.fft.rfft(frames[np.minimum(starts + 1, len(frames) - 1)] * window, axis=1)
    turn = np.angle(later * np.conj(now)) / (2 * np.pi) * sample_rate
    bins = np.minimum(_row_frequencies() * n_fft / sample_rate, n_fft / 2 - 1)
    low = bins.astype(int)
    share = (bins - low).astype(np.float32)[:, None]
    magnitude = np.abs(now).T
    level = (1 - share) * magnitude[low] + share * magnitude[low + 1]
    decibels = 20 * np.log10(level + 1e-9)
    return decibels.astype(np.float32), turn.T[np.rint(bins).astype(int)].astype(np.float32)


@functools.cache
def _row_frequencies() -> NDArray[np.float32]:
    """Give each row's frequency in Hz, the lowest first; float32 [row]."""
    return np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_ROWS).astype(np.float32)


def _to_image(hue: NDArray[np.floating], value: NDArray[np.floating]) -> QImage:
    """Colour a picture, [row, column] with the lowest frequency first, by hue and brightness."""
    channels = [
        np.clip(np.abs((hue + shift) % 1.0 * 6.0 - 3.0) - 1.0, 0.0, 1.0)
        for shift in (0, 2 / 3, 1 / 3)
    ]
    saturation = 0.72
    colours = [value * (1.0 - saturation + saturation * channel) for channel in channels]
    pixels = np.zeros((*value.shape, 4), dtype=np.uint8)
    for place, colour in zip((2, 1, 0), colours, strict=True):  # Qt's RGB32 is BGRx in memory
        pixels[..., place] = np.rint(255 * colour)[::-1]
    pixels[..., 3] = 255
    height, width = value.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()
