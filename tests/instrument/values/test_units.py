import math

import pytest

from instrument.values import units


def test_a_is_440_hz_and_an_octave_doubles():
    assert units.note_to_hz(69) == 440.0
    assert units.note_to_hz(81) == pytest.approx(880.0)
    assert units.note_to_hz(60) == pytest.approx(261.6256, abs=1e-4)


@pytest.mark.parametrize("note", [0, 21, 60.5, 127])
def test_note_and_hz_are_inverse(note):
    assert units.hz_to_note(units.note_to_hz(note)) == pytest.approx(note)


@pytest.mark.parametrize("semitones", [-24, -0.5, 0, 7, 12])
def test_semitones_and_ratio_are_inverse(semitones):
    assert units.ratio_to_semitones(units.semitones_to_ratio(semitones)) == pytest.approx(semitones)


@pytest.mark.parametrize("level_db", [-60, -6, 0, 6])
def test_decibels_and_gain_are_inverse(level_db):
    assert units.gain_to_db(units.db_to_gain(level_db)) == pytest.approx(level_db)


def test_silence_is_minus_infinity_decibels():
    assert units.gain_to_db(0.0) == -math.inf


def test_seconds_are_rounded_to_frames_and_back():
    assert units.seconds_to_frames(0.01, 44100) == 441
    assert units.seconds_to_frames(0.0000113, 44100) == 0
    assert units.frames_to_seconds(441, 44100) == pytest.approx(0.01)
