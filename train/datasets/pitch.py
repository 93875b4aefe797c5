"""The pitch that a note sounds, whatever its label says."""

import math
from dataclasses import dataclass

import librosa
import numpy as np
import soxr

from .notes import Wave

LOWEST_PITCH, HIGHEST_PITCH = 21, 108
"""The keys of a piano, within which pitches are heard."""

_RATE = 16000
_WINDOW = 2048  # two periods of the lowest pitch and more
_HOP = 512
_HEARD_SECONDS = (0.08, 1.2)  # after most attacks, and before a plucked string is gone
_ENOUGH_SECONDS = 0.15
_STEADY_SEMITONES = 0.5
_STEADY_SHARE = 0.5
_LIKENESS = 0.3
_FAINT_DB = -40.0  # columns this far below the loudest one say nothing


@dataclass(frozen=True)
class HeardPitch:
    """A pitch, and how sure it is.

    Attributes:
        midi: MIDI number, with its fraction: 60.5 is 50 cents above C4.
        steadiness: Share of the time, 0.5..1, in which it stays within half a semitone.
    """

    midi: float
    steadiness: float


def hear_pitch(wave: Wave, sample_rate: int) -> HeardPitch | None:
    """Listen for the pitch of a single note.

    Each column is heard by YIN; most of them must agree, which they do not in noise, a chord
    or a glissando.

    Args:
        wave: float32 [sample], begins with the note.
        sample_rate: Hz.

    Returns:
        The pitch, or None if there is no clear one between MIDI 21 and 108.

    Source: de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and
    music", 2002, as `librosa.yin` has it.
    """
    start, end = (round(seconds * sample_rate) for seconds in _HEARD_SECONDS)
    if wave.size - start < _ENOUGH_SECONDS * sample_rate:
        start = 0
    held = soxr.resample(wave[start:end], sample_rate, _RATE)
    if held.size < _WINDOW:
        held = np.pad(held, (0, _WINDOW - held.size))
    lowest, highest = (_hz(pitch) for pitch in (LOWEST_PITCH - 0.5, HIGHEST_PITCH + 0.5))
    f0_hz = librosa.yin(
        held,
        fmin=lowest,
        fmax=highest,
        sr=_RATE,
        frame_length=_WINDOW,
        hop_length=_HOP,
        center=False,
    )
    level = librosa.feature.rms(y=held, frame_length=_WINDOW, hop_length=_HOP, center=False)[0]
    loud = level > max(level.max() * 10 ** (_FAINT_DB / 20), 1e-6)
    if not loud.any():
        return None
    midi = 69.0 + 12.0 * np.log2(f0_hz[loud] / 440.0)
    middle = float(np.median(midi))
    steadiness = float(np.mean(np.abs(midi - middle) <= _STEADY_SEMITONES))
    edge = not LOWEST_PITCH - 0.4 < middle < HIGHEST_PITCH + 0.4  # where YIN goes in noise
    if steadiness < _STEADY_SHARE or edge or _likeness_after_a_period(held, middle) < _LIKENESS:
        return None
    return HeardPitch(middle, steadiness)


def _likeness_after_a_period(wave: Wave, midi: float) -> float:
    """Correlate a wave with itself one to four periods later, whichever is nearest to whole."""
    period = _RATE / _hz(midi)
    lags = [round(n * period) for n in (1, 2, 3, 4)]
    return max(
        float(wave[:-lag] @ wave[lag:])
        / math.sqrt(float(wave[:-lag] @ wave[:-lag]) * float(wave[lag:] @ wave[lag:]) + 1e-20)
        for lag in lags
    )


def cents_off(heard: HeardPitch, pitch: int) -> float:
    """Return how far a note sounds from a pitch, cents; positive when it is too high."""
    return 100.0 * (heard.midi - pitch)


def octaves_off(heard: HeardPitch, pitch: int) -> int:
    """Return how many octaves a note sounds from a pitch if it is otherwise in tune, else 0."""
    octaves = round((heard.midi - pitch) / 12)
    return octaves if math.fabs(heard.midi - pitch - 12 * octaves) <= 0.5 else 0


def _hz(midi: float) -> float:
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
