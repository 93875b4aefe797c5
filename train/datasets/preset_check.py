"""A preset judged by ear: is it silent, in tune, the same as another?"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from .fluidsynth import SAMPLE_RATE as FONT_RATE
from .fluidsynth import FontPreset, SoundFont
from .note_shape import SILENCE_DB, level_db
from .notes import Wave

CHECK_PITCHES = (36, 48, 60, 72, 84)
IN_TUNE_CENTS = 50.0
_IN_TUNE_SHARE, _IN_OCTAVES_SHARE = 0.6, 0.8
_CHECK_RATE = 16000
_CHECK_SECONDS = (0.1, 1.1)  # after the attack, and before a marimba is gone


@dataclass(frozen=True)
class PresetCheck:
    """What a few notes of a preset tell of it.

    Attributes:
        silent: None of them sounds.
        digest: Hash of their samples.
        cents: How far each is off its pitch; None where no pitch is heard. Empty when
            the tuning is not asked for.
    """

    silent: bool
    digest: str
    cents: dict[int, float | None]


def check_preset(
    font: SoundFont,
    preset: FontPreset,
    pitches: Sequence[int],
    velocities: Sequence[int],
    *,
    listen_to_tuning: bool,
) -> PresetCheck:
    """Play a few notes of a preset and listen to them.

    Args:
        font: The font.
        preset: One of its presets.
        pitches: MIDI numbers that are to be rendered, in rising order.
        velocities: The velocities that are, in rising order.
        listen_to_tuning: Measure the pitch of the notes, which is slow.
    """
    digest = hashlib.sha256()
    cents: dict[int, float | None] = {}
    peak = 0.0
    for pitch in _check_pitches(pitches):
        for velocity in velocities:
            wave = font.play_note(preset, pitch, velocity)
            digest.update(wave.tobytes())
            peak = max(peak, float(np.abs(wave).max()))
        if listen_to_tuning:
            cents[pitch] = _cents_off(wave, pitch)  # the loudest: the last velocity
    return PresetCheck(level_db(peak) < SILENCE_DB, digest.hexdigest(), cents)


def _check_pitches(pitches: Sequence[int]) -> list[int]:
    """Return the pitches to listen to: the Cs among those to render, or the middle one."""
    return [pitch for pitch in CHECK_PITCHES if pitch in pitches] or [pitches[len(pitches) // 2]]


def _cents_off(wave: Wave, pitch: int) -> float | None:
    """Measure how far a note sounds from its pitch.

    Args:
        wave: float32 [sample], at the font's rate.
        pitch: MIDI number it should have.

    Returns:
        Cents, positive when it sounds too high; None when no pitch is heard.
    """
    import librosa  # noqa: PLC0415  takes a second, and only this check wants it

    start, end = (int(seconds * FONT_RATE) for seconds in _CHECK_SECONDS)
    held = soxr.resample(wave[start:end], FONT_RATE, _CHECK_RATE)
    if level_db(float(np.abs(held).max())) < SILENCE_DB:
        return None
    expected_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    f0_hz, voiced, _ = librosa.pyin(
        held,
        sr=_CHECK_RATE,
        fmin=max(expected_hz / 4.5, 16.0),  # two octaves and a little each way
        fmax=min(expected_hz * 4.5, 6000.0),
    )
    if not voiced.any():
        return None
    return round(1200.0 * math.log2(float(np.median(f0_hz[voiced])) / expected_hz), 1)


def reason_heard(check: PresetCheck, twin: str | None) -> str | None:
    """Say why a preset does not stay, or None.

    Args:
        check: What was heard.
        twin: Which earlier preset has the same samples.
    """
    if check.silent:
        return "silent"
    if twin is not None:
        return f"same sound as {twin}"
    return None if _is_in_tune(list(check.cents.values())) else _out_of_tune(check.cents)


def _is_in_tune(cents: list[float | None]) -> bool:
    """Say whether a preset sounds its keys' pitches.

    The ear that listens here is an estimator. It takes the low string of a piano for an octave
    of it, and finds no pitch in a contrabass far above its range; so of five notes one may be
    anything, and two an octave off.
    """
    heard = [c for c in cents if c is not None]
    in_tune = sum(abs(c) <= IN_TUNE_CENTS for c in heard)
    in_octaves = sum(abs(c - 1200 * round(c / 1200)) <= IN_TUNE_CENTS for c in heard)
    return in_tune >= _IN_TUNE_SHARE * len(cents) and in_octaves >= _IN_OCTAVES_SHARE * len(cents)


def _out_of_tune(cents: dict[int, float | None]) -> str:
    off = [
        f"{'no pitch' if c is None else f'{c:+.0f} cents'} at {pitch}"
        for pitch, c in cents.items()
        if c is None or abs(c) > IN_TUNE_CENTS
    ]
    return "out of tune: " + ", ".join(off)
