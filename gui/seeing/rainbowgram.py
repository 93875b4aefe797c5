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
N_ROWS = 162  # 18 an octave
N_COLUMNS = 180
FFT_SECONDS = 0.085  # two periods of the lowest key's second harmonic; short enough for an attack
RANGE_DB = 62.0
OCTAVES_PER_TURN = 5.5  # of the hue: neighbouring harmonics can be told apart, none comes twice
FIRST_HUE = -0.28  # red lies near the middle of the keyboard
HUE_PER_SEMITONE = 0.5
N_ENVELOPE = 240
LEVEL_SECONDS, SLOPE_SECONDS = 0.01, 0.15  # of one level, and of the slope before and after
ENDING_SECONDS = 0.4  # in which every note fades out
EARLIEST_SECONDS = 1.0  # a key that went up sooner held no note
BEND_DB = 6.0  # by which a level falls more after the key than before it
FAINT_DB = -45.0  # below the loudest: too faint to tell


def wave_of(note: NoteWave) -> NDArray[np.float32]:
    """Give a note's samples, float32 [frame]."""
    return np.frombuffer(note.samples, dtype="<f4")


def rainbowgram(note: NoteWave) -> QImage:
    """Draw a note, `N_COLUMNS` by `N_ROWS` pixels.

    The hue of a partial comes from its instantaneous frequency (the phase's own derivative), and
    turns with what that departs from the partial's usual one: what is in tune with itself keeps
    its colour, what beats or bends changes it along the way.
    """
    decibels, frequencies = _analyse(wave_of(note), note.sample_rate)
    value = np.clip(1.0 + (decibels - decibels.max()) / RANGE_DB, 0.0, 1.0)
    octaves = np.log2(np.clip(frequencies, LOWEST_HZ / 2, 2 * HIGHEST_HZ) / LOWEST_HZ)
    usual = np.median(octaves, axis=1, keepdims=True)
    wavering = np.clip(12.0 * (octaves - usual), -1.0, 1.0)
    hue = FIRST_HUE + usual / OCTAVES_PER_TURN + HUE_PER_SEMITONE * wavering
    return _to_image(hue, value**1.25)


def envelope(note: NoteWave) -> NDArray[np.float32]:
    """Give the peak of each of `N_ENVELOPE` stretches, as a share of the largest."""
    wave = np.abs(wave_of(note))
    if not wave.size:
        return np.zeros(N_ENVELOPE, dtype=np.float32)
    edges = np.linspace(0, wave.size, N_ENVELOPE, endpoint=False).astype(int)
    peaks = np.maximum.reduceat(wave, edges)
    return (peaks / max(float(peaks.max()), 1e-9)).astype(np.float32)


def release_share(note: NoteWave) -> float | None:
    """Give the share of a note at which its key went up, as heard; None where that is not heard.

    From there on the level falls much faster than before. What has died away already, or falls all
    the way alike, tells nothing.
    """
    wave = wave_of(note)
    step = max(1, round(LEVEL_SECONDS * note.sample_rate))
    n = len(wave) // step
    slope, earliest = round(SLOPE_SECONDS / LEVEL_SECONDS), round(EARLIEST_SECONDS / LEVEL_SECONDS)
    if n < earliest + round(ENDING_SECONDS / LEVEL_SECONDS):
        return None
    power = np.mean(wave[: n * step].reshape(n, step) ** 2, axis=1)
    level = 10 * np.log10(power / max(float(power.max()), 1e-12) + 1e-9)
    level = np.convolve(np.pad(level, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    places = np.arange(max(earliest, slope), n - round(ENDING_SECONDS / LEVEL_SECONDS))
    before, after = level[places] - level[places - slope], level[places + slope] - level[places]
    bend = np.where(level[places] > FAINT_DB, before - after, 0.0)
    best = int(bend.argmax())
    return float(places[best] / n) if bend[best] >= BEND_DB else None


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
    level, loudest = _rows(np.abs(now).T, n_fft / sample_rate)
    decibels = 20 * np.log10(level + 1e-9)
    # of the bins that are seen only: to turn all of them into angles would cost as much again
    first, second = (np.take_along_axis(bins.T, loudest, axis=0) for bins in (now, later))
    frequency = np.angle(second * np.conj(first)) / (2 * np.pi) * sample_rate
    return decibels.astype(np.float32), frequency.astype(np.float32)


def _rows(
    magnitude: NDArray[np.floating], bins_per_hz: float
) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Gather the bins of each row: its level, and which of its bins is the loudest.

    Between bins a low row's level is drawn as a line; of the many bins of a high row the loudest
    counts, so that no partial falls between two rows.

    Args:
        magnitude: float [bin, column].
        bins_per_hz: How many bins there are in a hertz.

    Returns:
        Level and bin number, each [row, column].
    """
    half_row = (HIGHEST_HZ / LOWEST_HZ) ** (0.5 / (N_ROWS - 1))
    last = len(magnitude) - 2
    levels, loudest = [], []
    for place in np.minimum(_row_frequencies() * bins_per_hz, last):
        low = int(place)
        between = (low + 1 - place) * magnitude[low] + (place - low) * magnitude[low + 1]
        first, end = round(place / half_row), min(round(place * half_row), last) + 1
        peaks = magnitude[first:end]
        loudest.append(first + peaks.argmax(axis=0))
        levels.append(between if len(peaks) < 2 else peaks.max(axis=0))
    return np.array(levels), np.array(loudest)


@functools.cache
def _row_frequencies() -> NDArray[np.float32]:
    """Give each row's frequency in Hz, the lowest first; float32 [row]."""
    return np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_ROWS).astype(np.float32)


def _to_image(hue: NDArray[np.floating], value: NDArray[np.floating]) -> QImage:
    """Colour a picture, [row, column] with the lowest frequency first, by hue and brightness."""
    channels = [  # an angle on the colour wheel to red, green, blue
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
