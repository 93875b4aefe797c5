"""Test tones: sines, and plain harmonic notes that fall and are let go like those of a piano."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def hz(note: float) -> float:
    """Turn a MIDI note number into its frequency."""
    return 440.0 * 2.0 ** ((note - 69.0) / 12.0)


def sine(frequency_hz: float, seconds: float, sample_rate: float, level: float = 0.5) -> Samples:
    """Make a sine that begins at zero: float32 [sample]."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


def harmonic_note(
    note: int,
    seconds: float,
    sample_rate: float,
    *,
    rolloff: float = 1.0,
    decay_seconds: float = 1.0,
    release_seconds: float = 0.1,
) -> Samples:
    """Make a note of harmonics below 8 kHz: float32 [sample], peak 0.8, release included.

    Args:
        note: MIDI note number.
        seconds: How long the key is down.
        sample_rate: In Hz.
        rolloff: Harmonic n has the level n ** -rolloff.
        decay_seconds: Time constant of the fall while the key is down.
        release_seconds: Time constant of the fall afterwards; three of them are rendered.
    """
    time = np.arange(round((seconds + 3 * release_seconds) * sample_rate)) / sample_rate
    numbers = np.arange(1.0, max(int(8000 / hz(note)), 1) + 1)
    # Schroeder's phases keep the peak low whatever the number of harmonics.
    phases = np.pi * numbers * (numbers - 1) / len(numbers)
    wave = np.zeros_like(time)
    for number, phase in zip(numbers, phases, strict=True):
        wave += number**-rolloff * np.sin(2 * np.pi * number * hz(note) * time + phase)
    wave *= np.exp(-time / decay_seconds)
    wave *= np.exp(-np.maximum(time - seconds, 0) / release_seconds)
    wave *= np.minimum(time / 0.004, 1)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)
