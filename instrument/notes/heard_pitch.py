"""The pitch that a recorded note sounds, without any library for it.

Source: de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music",
2002: the difference of a wave from itself a period later, over its mean for shorter periods.
"""

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]

LOWEST_HZ, HIGHEST_HZ = 26.0, 4400.0  # of a piano
_WINDOW_SECONDS = 0.08  # two periods of the lowest and more
_HOP_SECONDS = 0.02
_HEARD_SECONDS = (0.06, 1.2)  # after most attacks, and before a plucked string is gone
_ENOUGH_SECONDS = 0.15
_FAINT_DB = -40.0  # windows this far below the loudest one say nothing
_DIP = 0.2  # deep enough for the first dip to be the period,
_NEARLY = 0.05  # if hardly any is deeper
_UNLIKE = 0.4  # when even the deepest is not, the window has no pitch
_STEADY_SEMITONES = 0.5
_STEADY_SHARE = 0.5


def hear_pitch(wave: Wave, sample_rate: int) -> float | None:
    """Listen for the pitch of a single note.

    Args:
        wave: float32 [sample], beginning with the note.
        sample_rate: In Hz.

    Returns:
        A MIDI number with its fraction, 60.5 is 50 cents above C4; None if there is no clear
        pitch, as in noise, silence, a chord or a glissando.
    """
    n, hop = round(_WINDOW_SECONDS * sample_rate), round(_HOP_SECONDS * sample_rate)
    start, end = (round(seconds * sample_rate) for seconds in _HEARD_SECONDS)
    start = start if len(wave) - start >= _ENOUGH_SECONDS * sample_rate else 0
    held = wave[start:end]
    if len(held) < 2 * n:
        held = np.pad(held, (0, 2 * n - len(held)))
    windows = np.lib.stride_tricks.sliding_window_view(held, 2 * n)[::hop].astype(np.float64)
    power = np.square(windows[:, :n]).mean(axis=1)
    loud = windows[power > max(power.max() * 10 ** (_FAINT_DB / 10), 1e-14)]
    periods = [_period(differences, sample_rate) for differences in _differences(loud, n)]
    heard = np.array([period for period in periods if period is not None])
    if len(heard) < max(_STEADY_SHARE * len(loud), 1):
        return None
    midi = 69.0 + 12.0 * np.log2(sample_rate / heard / 440.0)
    middle = float(np.median(midi))
    if np.mean(np.abs(midi - middle) <= _STEADY_SEMITONES) < _STEADY_SHARE:
        return None
    return middle


def _differences(windows: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Compare the first half of windows with what comes later: [window, lag], 1 is as chance."""
    if not len(windows):
        return np.zeros((0, n))
    size = 4 * n
    spectrum = np.fft.rfft(windows, size) * np.fft.rfft(windows[:, :n], size).conj()
    likeness = np.fft.irfft(spectrum, size)[:, :n]
    energies = np.cumsum(np.square(windows), axis=1)
    later = energies[:, n - 1 : 2 * n - 1] - np.pad(energies, ((0, 0), (1, 0)))[:, :n]
    difference = np.maximum(later[:, :1] + later - 2 * likeness, 0.0)
    difference[:, 0] = 0.0
    lags = np.arange(n)
    mean = np.cumsum(difference, axis=1) / np.maximum(lags, 1)
    return np.where(lags > 0, difference / np.maximum(mean, 1e-12), 1.0)


def _period(difference: NDArray[np.float64], sample_rate: int) -> float | None:
    """Find the first deep dip, in samples and parts of them; None where there is none."""
    shortest = max(int(sample_rate / HIGHEST_HZ), 2)
    longest = min(int(sample_rate / LOWEST_HZ), len(difference) - 2)
    within = difference[shortest : longest + 1]
    # a strong second harmonic dips at half the period, but not so deep
    enough = max(min(_DIP, float(within.min()) + _NEARLY), float(within.min()))
    first = int(np.flatnonzero(within <= enough)[0])
    while first + 1 < len(within) and within[first + 1] < within[first]:
        first += 1
    if within[first] > _UNLIKE:
        return None
    lag = shortest + first
    before, here, after = difference[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    return lag + (0.5 * (before - after) / bend if bend > 1e-12 else 0.0)
