"""Recordings made up for tests, of which is known what they hold."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 44100


def tone(
    pitch: float, seconds: float = 1.0, rate: int = RATE, *, decay: float = 1.0, peak: float = 0.5
) -> np.ndarray:
    """A plucked note of eight harmonics: float64 [sample]."""
    time = np.arange(round(seconds * rate)) / rate
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * f0 * h * time) / h for h in range(1, 9) if f0 * h < rate / 2)
    wave = wave * np.exp(-decay * time) * np.minimum(1, time / 0.005)
    wave = wave * np.minimum(1, (seconds - time) / 0.01)
    return peak * wave / np.abs(wave).max()


def hush(seconds: float, rate: int = RATE) -> np.ndarray:
    """A quiet room, -80 dB: float64 [sample]."""
    return 1e-4 * np.random.default_rng(0).normal(size=round(seconds * rate))


def record(path: Path, wave: np.ndarray, rate: int = RATE) -> Path:
    """Write a recording, in the format that its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate)
    return path


def off_cents(wave: np.ndarray, rate: int, pitch: int) -> float:
    """How far the lowest strong partial is from a pitch."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(wave.size), 1 << 19))
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    low, high = (round(f0 * x * (1 << 19) / rate) for x in (0.94, 1.06))
    peak = low + int(spectrum[low:high].argmax())
    return float(1200 * np.log2(peak * rate / (1 << 19) / f0))
