import numpy as np
import pytest

from tests.train.evaluation.tones import RATE, tone
from train.evaluation.log_mel import (
    FLOOR_DB,
    N_MELS,
    log_mel,
    log_mel_distance,
    spectral_convergence,
    timbre_vector,
)


def note(pitch: float, **settings: float) -> np.ndarray:
    return tone(pitch, seconds=2, **settings)


def test_distance_from_itself_is_zero_and_gain_does_not_count():
    mel = log_mel(note(60), RATE)
    assert mel.shape == (N_MELS, 126)
    assert mel.max() == pytest.approx(0, abs=1e-4)
    assert log_mel_distance(mel, mel) == 0
    # The note is quieter beside a click that tops both.
    assert log_mel_distance(mel - 7.25, mel) == pytest.approx(0, abs=0.1)


def test_distance_is_the_mean_where_gain_cannot_help():
    mel = np.full((4, 4), -30, np.float32)
    other = mel + np.where(np.arange(4) % 2, 3, -3).astype(np.float32)
    assert log_mel_distance(other, mel) == pytest.approx(3)


def test_what_is_below_the_floor_does_not_count():
    mel = log_mel(note(60), RATE)
    assert log_mel_distance(np.where(mel < FLOOR_DB, -200, mel), mel) == 0


def test_nearer_notes_have_smaller_distances():
    mel = log_mel(note(60), RATE)
    same, semitone, other = (
        log_mel_distance(log_mel(wave, RATE), mel)
        for wave in (note(60, decay=0.6), note(61), note(60, partials=60, decay=6))
    )
    assert 0 < same < semitone < other


def test_silence_is_far_from_every_note():
    mel = log_mel(note(60, partials=40), RATE)
    assert log_mel_distance(log_mel(np.zeros(2 * RATE, np.float32), RATE), mel) > 10


def test_spectral_convergence_is_zero_of_itself_at_any_gain_and_one_of_silence():
    wave = note(60)
    assert spectral_convergence(0.3 * wave, wave) == pytest.approx(0, abs=1e-5)
    assert spectral_convergence(np.zeros_like(wave), wave) == pytest.approx(1)
    assert 0.1 < spectral_convergence(note(61), wave) <= 1


def vector(wave: np.ndarray) -> np.ndarray:
    return timbre_vector(log_mel(wave, RATE), RATE)


def test_timbre_moves_less_with_a_fifth_than_with_another_timbre():
    here = vector(note(60, partials=30))
    fifth = vector(note(67, partials=30))
    dull = vector(note(60, partials=3))
    plucked = vector(note(60, partials=30, decay=6))
    shift = np.linalg.norm(fifth - here)
    assert here.shape == (42,)
    assert shift < 0.7 * np.linalg.norm(dull - here)
    assert shift < 0.9 * np.linalg.norm(plucked - here)


def test_note_that_ends_early_has_a_timbre_too():
    assert np.isfinite(vector(tone(60, seconds=0.1))).all()
