"""Takes cut into notes: where sound is between silences, and where a new note begins in it."""

from dataclasses import dataclass

import librosa
import numpy as np
import soxr
from numpy.typing import NDArray

from .notes import Wave
from .pitch import HeardPitch, hear_pitch

STEP_SECONDS = 0.01
"""One reading of the level."""

SILENT_DB = -60.0
"""A file that is nowhere louder holds no note."""

_BELOW_PEAK_DB = 45.0
_ABOVE_NOISE_DB = 10.0
_GAP_SECONDS = 0.1
_SHORTEST_SECONDS = 0.1
# What begins softly begins below the threshold; together they are shorter than a gap.
_BEFORE_SECONDS, _AFTER_SECONDS = 0.02, 0.05
_CLICK_DB = 30.0  # what is that much softer than the loudest note of a take is no note

_ONSET_HOP = 512
_ONSET_RATE_HZ = 22050  # librosa's own, for which its onset picking is tuned
_AROUND_SECONDS = 0.1
_FINE_SECONDS, _NEAR_SECONDS, _RISE_DB = 0.005, (-0.12, 0.05), 3.0
_SMOOTH_STEPS = 4
_ATTACK_DB = 6.0
_NEW_PITCH_SEMITONES = 0.7

_CROSSING_SECONDS = 0.005
_FADE_IN_SECONDS = 0.002


@dataclass(frozen=True)
class Region:
    """A part of a recording, in seconds."""

    start: float
    end: float


def sounding_regions(level_db: NDArray[np.float32]) -> list[Region]:
    """Find where there is sound between silences.

    What counts as silence depends on the recording: 45 dB below its peak, or 10 dB above its
    noise where that is louder.

    Args:
        level_db: float32 [step], dB of full scale, one each 10 ms.

    Returns:
        In order, each a little wider than its sound.
    """
    peak = float(level_db.max(initial=-np.inf))
    if peak < SILENT_DB:
        return []
    noise = float(np.percentile(level_db, 5))
    # In a file without a pause the "noise" is the note itself.
    threshold = peak - _BELOW_PEAK_DB
    if noise < peak - 2 * _ABOVE_NOISE_DB:
        threshold = max(threshold, noise + _ABOVE_NOISE_DB)
    loud = np.concatenate([[False], level_db > threshold, [False]])
    starts, ends = (np.flatnonzero(np.diff(loud.astype(np.int8)) == sign) for sign in (1, -1))
    runs: list[list[int]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if runs and start - runs[-1][1] < _GAP_SECONDS / STEP_SECONDS:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return [
        Region(
            max(0.0, start * STEP_SECONDS - _BEFORE_SECONDS), end * STEP_SECONDS + _AFTER_SECONDS
        )
        for start, end in runs
        if (end - start) * STEP_SECONDS >= _SHORTEST_SECONDS
        and level_db[start:end].max() > peak - _CLICK_DB
    ]


def note_starts(wave: Wave, sample_rate: int) -> list[float]:
    """Find where notes begin in sound without silence, as in a scale played legato.

    An onset counts when the level rises there or the pitch becomes another one; vibrato and
    the noise of a bow make onsets that do neither.

    Args:
        wave: float32 [sample], begins with a note.
        sample_rate: Hz.

    Returns:
        Seconds, the first of them 0.
    """
    onsets = librosa.onset.onset_detect(
        y=soxr.resample(wave, sample_rate, _ONSET_RATE_HZ),
        sr=_ONSET_RATE_HZ,
        hop_length=_ONSET_HOP,
        units="time",
    )
    starts = [0.0]
    for onset in (_sharpen(wave, sample_rate, float(onset)) for onset in onsets):
        too_late = onset > wave.size / sample_rate - 2 * _AROUND_SECONDS
        if too_late or onset - starts[-1] < 2 * _AROUND_SECONDS:
            continue
        here, since, around = (round(s * sample_rate) for s in (onset, starts[-1], _AROUND_SECONDS))
        before, after = wave[since:here], wave[here : here + 2 * around]
        if _rise_db(before[-around:], after[:around]) > _ATTACK_DB or _is_other_pitch(
            hear_pitch(before[-2 * around :], sample_rate), hear_pitch(after, sample_rate)
        ):
            starts.append(onset)
    return starts


def _sharpen(wave: Wave, sample_rate: int, onset: float) -> float:
    """Move an onset to where the level begins to rise, if it does; librosa's are 23 ms apart."""
    step = round(_FINE_SECONDS * sample_rate)
    first, last = (max(0, round((onset + s) * sample_rate)) for s in _NEAR_SECONDS)
    near = wave[first:last]
    near = near[: near.size // step * step].reshape(-1, step)
    if len(near) < 3 * _SMOOTH_STEPS:
        return onset
    power = np.mean(np.square(near, dtype=np.float64), axis=1)
    # Over four steps a low note's level stands still between its periods.
    level_db = 10.0 * np.log10(np.convolve(power, np.ones(_SMOOTH_STEPS), "valid") + 1e-12)
    rises = level_db[_SMOOTH_STEPS:] - level_db[:-_SMOOTH_STEPS]
    if rises.max() < _RISE_DB:
        return onset
    return (first + (int(rises.argmax()) + _SMOOTH_STEPS - 1) * step) / sample_rate


def _rise_db(before: Wave, after: Wave) -> float:
    powers = [float(np.mean(np.square(part, dtype=np.float64))) for part in (before, after)]
    return 10.0 * float(np.log10((powers[1] + 1e-12) / (powers[0] + 1e-12)))


def _is_other_pitch(before: HeardPitch | None, after: HeardPitch | None) -> bool:
    if before is None or after is None:
        return False
    return abs(after.midi - before.midi) > _NEW_PITCH_SEMITONES


def begin_softly(wave: Wave, sample_rate: int) -> Wave:
    """Begin a cut at a zero crossing, with a fade too short to soften an attack.

    Args:
        wave: float32 [sample], longer than 10 ms.
        sample_rate: Hz.
    """
    near = wave[: round(_CROSSING_SECONDS * sample_rate)]
    crossings = np.flatnonzero(np.signbit(near[1:]) != np.signbit(near[:-1]))
    wave = wave[int(crossings[0]) + 1 if crossings.size else 0 :].copy()
    n_fade = min(round(_FADE_IN_SECONDS * sample_rate), wave.size)
    wave[:n_fade] *= np.linspace(0.0, 1.0, n_fade, dtype=np.float32)
    return wave
