"""How far two notes are apart: nothing for the same, the gain aside; more, the more they differ."""

import numpy as np
import pytest
import torch

from model.note_distance import log_mel, mel_matrix, note_distance_db
from tests.signals import harmonic_note

RATE = 32000


def note(pitch: int = 60, rolloff: float = 1.0, seconds: float = 1.0) -> torch.Tensor:
    return torch.from_numpy(harmonic_note(pitch, seconds, RATE, rolloff=rolloff))


def test_a_note_is_no_way_from_itself_however_loud() -> None:
    assert note_distance_db(note(), note(), RATE) == 0.0
    assert note_distance_db(0.5 * note(), note(), RATE) < 0.2


def test_a_darker_note_is_farther_the_darker_it_is() -> None:
    near, far = (note_distance_db(note(rolloff=r), note(), RATE) for r in (1.5, 3.0))
    assert 0.5 < near < far


def test_only_as_much_is_compared_as_there_is_of_both() -> None:
    whole = note(seconds=2.0)
    assert note_distance_db(whole, whole[: RATE // 2], RATE) == pytest.approx(0.0, abs=0.01)


def test_silence_is_far_from_a_note_and_no_error() -> None:
    assert 10.0 < note_distance_db(torch.zeros(RATE), note(), RATE) < 81.0


def test_a_note_shorter_than_a_window_can_be_compared() -> None:
    assert note_distance_db(note()[:500], note()[:500], RATE) == 0.0


def test_the_greatest_power_is_the_reference() -> None:
    mel = log_mel(note(), RATE)
    assert mel.shape == (128, 1 + len(note()) // 512)
    assert float(mel.max()) == 0.0


@pytest.mark.parametrize("sample_rate", [16000, 32000, 48000])
def test_the_bands_are_those_that_evaluations_use(sample_rate: int) -> None:
    librosa = pytest.importorskip("librosa")
    expected = librosa.filters.mel(sr=sample_rate, n_fft=2048, n_mels=128)
    np.testing.assert_allclose(mel_matrix(sample_rate), expected, atol=1e-6)


def test_the_distance_is_the_one_that_evaluations_give() -> None:
    evaluation = pytest.importorskip("train.evaluation.log_mel")
    ours, theirs = note(rolloff=2.0), note(pitch=61)
    mels = [evaluation.log_mel(wave.numpy(), RATE) for wave in (ours, theirs)]
    expected = evaluation.log_mel_distance(*mels)
    assert note_distance_db(ours, theirs, RATE) == pytest.approx(expected, abs=0.01)
