"""The pitch of a recorded note, heard without being told."""

import numpy as np
import pytest

from instrument.notes.heard_pitch import hear_pitch
from tests.signals import harmonic_note, hz, sine

RATE = 44100


@pytest.mark.parametrize("note", [28, 40, 55, 60, 69, 81, 93, 100])
def test_a_harmonic_note_is_heard_within_three_cents(note: int) -> None:
    assert hear_pitch(harmonic_note(note, 1.0, RATE), RATE) == pytest.approx(note, abs=0.03)


@pytest.mark.parametrize("note", [33, 45, 57, 76])
def test_a_bright_note_is_not_taken_for_an_octave_of_it(note: int) -> None:
    bright = harmonic_note(note, 1.0, RATE, rolloff=0.2)
    assert hear_pitch(bright, RATE) == pytest.approx(note, abs=0.05)


@pytest.mark.parametrize("note", [27, 39])
def test_a_low_note_with_a_strong_octave_is_heard_below_it(note: int) -> None:
    levels = {1: 0.12, 2: 0.6, 3: 0.1, 4: 0.25, 5: 0.06}
    wave = sum(sine(n * hz(note), 1.2, RATE, level) for n, level in levels.items())
    assert hear_pitch(np.asarray(wave, np.float32), RATE) == pytest.approx(note, abs=0.05)


def test_a_pure_tone_between_two_keys_is_heard_between_them() -> None:
    assert hear_pitch(sine(hz(64.4), 0.8, RATE), RATE) == pytest.approx(64.4, abs=0.03)


def test_a_missing_fundamental_is_heard_all_the_same() -> None:
    wave = sum(sine(n * hz(48), 0.8, RATE, 0.2) for n in (2, 3, 4, 5))
    assert hear_pitch(np.asarray(wave, np.float32), RATE) == pytest.approx(48, abs=0.05)


def test_a_plucked_note_that_is_soon_gone_is_heard() -> None:
    wave = harmonic_note(60, 0.12, RATE, decay_seconds=0.05)
    assert hear_pitch(wave, RATE) == pytest.approx(60, abs=0.1)


def test_a_note_under_some_noise_is_heard() -> None:
    noise = 0.03 * np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    assert hear_pitch(harmonic_note(57, 0.9, RATE)[:RATE] + noise[:RATE], RATE) == pytest.approx(
        57, abs=0.1
    )


def test_noise_silence_and_a_glide_have_no_pitch() -> None:
    noise = np.random.default_rng(2).standard_normal(RATE).astype(np.float32)
    time = np.arange(RATE) / RATE
    glide = np.sin(2 * np.pi * 200 * np.cumsum(2 ** (3 * time)) / RATE).astype(np.float32)
    for wave in (noise, np.zeros(RATE, np.float32), glide, np.zeros(10, np.float32)):
        assert hear_pitch(wave, RATE) is None
