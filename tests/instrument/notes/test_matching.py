"""A recording matched by a model: what is said on the way, and the two sounds to compare."""

import itertools

import msgspec
import numpy as np
import pytest
import soundfile
import torch

from instrument.notes.matching import MATCH, RECORDING, Matcher
from instrument.notes.recorded_note import RecordedNoteError
from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig
from tests.signals import harmonic_note

PITCH = 57


@pytest.fixture(scope="module")
def model():
    warped = WarpedConfig()
    network = NetworkConfig(
        latent_size=8, channels=(8, 8, 8, 8, 4, 4, 4), first_head=4, output="skip", level=True
    )
    config = ModelConfig(
        name="small",
        info="random weights",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        prior="timbres",
        timbres=tuple(TimbreConfig(name=f"timbre {i}", family="string") for i in range(3)),
        warped=warped,
    )
    return GANSynth.create(config, seed=1)


@pytest.fixture
def matcher(model, tmp_path):
    file = tmp_path / "note.wav"
    soundfile.write(file, harmonic_note(PITCH, 0.8, 44100), 44100)
    return Matcher.open(file, model)


def test_the_first_answer_and_the_last_have_all_that_is_to_be_said(matcher) -> None:
    first, *between, last = matcher.search()
    for answer in (first, last):
        assert len(answer.z) == 8
        assert answer.pitch == PITCH
        assert answer.timbre.startswith("timbre ")
        wave = torch.from_numpy(matcher.note_of(answer.z))
        assert answer.off_db == pytest.approx(matcher.off_db(torch.tensor(answer.z)), abs=1e-4)
        assert float(wave.abs().max()) == pytest.approx(0.8, abs=0.01)
    assert last.share == 1.0
    assert last.off_db <= first.off_db <= first.timbre_off_db
    assert not any(answer.z for answer in between)


def test_a_search_that_may_not_last_ends_with_the_nearest_candidate(matcher) -> None:
    clock = itertools.count()
    first, last = matcher.search(seconds=0.5, clock=lambda: float(next(clock)))
    assert (first.z, last.share) == (last.z, 1.0)


def test_both_sounds_are_written_for_the_ear(matcher, tmp_path) -> None:
    first = next(matcher.search())
    folder = tmp_path / "sounds"
    for _ in range(2):  # the second time in the place of the first
        matcher.write_sounds(folder, first.z)
    recording, rate = soundfile.read(folder / RECORDING, dtype="float32")
    match, _ = soundfile.read(folder / MATCH, dtype="float32")
    assert rate == 32000
    np.testing.assert_allclose(recording, 0.8 * matcher.note.wave, atol=1e-6)
    np.testing.assert_allclose(match, matcher.note_of(first.z), atol=1e-6)
    assert sorted(path.name for path in folder.iterdir()) == [MATCH, RECORDING]


def test_a_model_without_named_timbres_finds_one_all_the_same(model, matcher) -> None:
    config = msgspec.structs.replace(model.config, timbres=(), prior="gaussian")
    nameless = GANSynth(config, model.generator, torch.zeros(0, 8))
    *_, last = Matcher(nameless, matcher.note).search(seconds=0.0)
    assert last.timbre == ""
    assert last.timbre_off_db is None
    assert len(last.z) == 8


def test_a_recording_that_is_none_is_refused(model, tmp_path) -> None:
    with pytest.raises(RecordedNoteError):
        Matcher.open(tmp_path / "none.wav", model)
