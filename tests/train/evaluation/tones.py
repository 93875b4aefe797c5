"""Test notes of known pitch, spectrum and movement."""

import numpy as np

RATE = 32000


def tone(
    pitch: float,
    *,
    partials: int = 8,
    decay: float = 0.5,
    vibrato: float = 0.0,
    seconds: float = 4.0,
    rate: int = RATE,
) -> np.ndarray:
    """A harmonic note that begins and ends in silence: float32 [sample], peak 0.8.

    `vibrato` is its depth in cents, at 5.5 Hz; `decay` is in nepers a second.
    """
    time = np.arange(round(seconds * rate)) / rate
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    bend = 2 ** (vibrato / 1200 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * hertz * np.cumsum(bend) / rate
    wave = sum(np.sin(n * phase) / n for n in range(1, partials + 1) if hertz * n < 0.45 * rate)
    wave = wave * np.exp(-decay * time) * np.clip(time / 0.005, 0, 1)
    wave = wave * np.clip((time[-1] - time) / 0.05, 0, 1)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


def noise(level: float = 0.1, seconds: float = 4.0) -> np.ndarray:
    """White noise: float32 [sample]."""
    rng = np.random.default_rng(0)
    return (level * rng.standard_normal(round(seconds * RATE))).astype(np.float32)
