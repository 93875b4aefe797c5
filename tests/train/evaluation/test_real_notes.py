from dataclasses import replace

import numpy as np
import pytest

from tests.train.evaluation.instruments import KEYBOARD, NAMES, FakeModel, play
from train.datasets.dataset import is_held_out
from train.evaluation.real_notes import RealNotes, mix, sample


@pytest.fixture
def real(world) -> RealNotes:
    return RealNotes.read(world, FakeModel())


def test_none_comes_again_before_all_have_come():
    chosen = sample(list("abcde"), 12, np.random.default_rng(0))
    assert sorted(chosen[:5]) == sorted(chosen[5:10]) == list("abcde")
    assert len(chosen) == 12
    assert sample([], 3, np.random.default_rng(0)) == []
    assert sample([1], 0, np.random.default_rng(0)) == []


def test_every_note_is_learned_or_held_out(real):
    assert len(real.learned) + len(real.held_out) == len(NAMES) * len(KEYBOARD)
    assert all(is_held_out(e) for e in real.held_out)
    assert not any(is_held_out(e) for e in real.learned)


def test_neighbour_is_the_same_timbre_a_semitone_beside(real):
    for example in real.held_out:
        neighbour = real.neighbour(example)
        if neighbour is None:
            assert {example.pitch - 1, example.pitch + 1}.isdisjoint(KEYBOARD)
        else:
            assert neighbour.instrument_str == example.instrument_str
            assert abs(neighbour.pitch - example.pitch) == 1


def test_others_are_all_other_instruments_at_the_same_pitch(real):
    example = real.held_out[0]
    others = real.others(example)
    assert len(others) == len(NAMES) - 1
    assert {e.pitch for e in others} == {example.pitch}
    assert example.instrument_str not in {e.instrument_str for e in others}


def test_pairs_are_of_one_pitch_and_two_timbres(real):
    for one, other in real.choose_pairs(20, np.random.default_rng(0)):
        assert one.pitch == other.pitch
        assert one.instrument_str != other.instrument_str


def test_timbres_are_known_by_their_names(world):
    model = FakeModel(names=[*NAMES[:3], "w", "x", "y", "z"])
    real = RealNotes.read(world, model)
    assert {real.timbre_names[i] for i in real.latents} == set(NAMES[:3])
    assert {real.timbre_names[i] for i in real.timbres_with(KEYBOARD, 5)} == set(NAMES[:3])
    stranger = RealNotes.read(world, FakeModel(names=list("abcdefg")))
    assert len(stranger.timbres_with(KEYBOARD, 5)) == len(NAMES)


def test_known_notes_need_no_yardstick_where_none_has_one(world):
    real = RealNotes.read(world, FakeModel())
    rng = np.random.default_rng(0)
    for note in real.choose_known(4, rng):
        assert real.neighbour(note)
        assert real.others(note)
    name = real.held_out[0].instrument_str
    alone = replace(
        real,
        held_out=[e for e in real.held_out if e.instrument_str == name],
        by_key={key: e for key, e in real.by_key.items() if e.instrument_str == name},
    )
    chosen = alone.choose_known(4, rng)
    assert chosen
    assert {note.instrument_str for note in chosen} == {name}


def test_wave_has_the_models_rate_and_length(world):
    model = FakeModel()
    model.sample_rate, model.n_samples = 32000, 50000
    real = RealNotes.read(world, model)
    wave = real.wave(real.held_out[0])
    assert wave.shape == (50000,)
    assert np.abs(wave[:40000]).max() > 0.5  # twice as many samples of the same sound
    assert not wave[41000:].any()


def test_mix_goes_from_one_note_to_the_other_at_equal_loudness():
    loud, soft = play(1, 60), 0.1 * play(2, 60)
    assert mix((loud, soft), 0.0) == pytest.approx(loud * (0.8 / np.abs(loud).max()), abs=1e-5)
    assert mix((loud, soft), 1.0) == pytest.approx(soft * (0.8 / np.abs(soft).max()), abs=1e-5)
    half = mix((loud, soft), 0.5)
    assert np.isfinite(half).all()
    assert np.abs(half).max() == pytest.approx(0.8)
    assert np.isfinite(mix((loud, 0 * soft), 0.5)).all()
