"""Tunings in the engine, by the cents that are heard."""

import numpy as np
import pytest

from instrument.values.events import NoteOff, NoteOn, SetParameter, SetTuning
from instrument.values.tuning import Tuning, equal_tuning, hz_to_pitch
from tests.instrument.playing import pitch_of, pitches_of, roughness, steady_note


def on(note, velocity=127, channel=0):
    return NoteOn(note=note, velocity=velocity, channel=channel)


def tuned(**pitches):
    """Make a tuning in which some keys, k60=..., have other pitches."""
    table = list(equal_tuning())
    for key, pitch in pitches.items():
        table[int(key[1:])] = pitch
    return Tuning("test", tuple(table))


@pytest.fixture
def keys(player):
    for note in range(58, 76):
        player.publish(note, steady_note(note, n_harmonics=1))
    return player


def heard(player, *events):
    player.post(*events)
    player.take(0.1)
    return pitch_of(player.take(0.4)[:, 0])


@pytest.mark.parametrize("pitch", [60.0, 60.31, 59.62, 67.2, 71.99])
def test_a_key_sounds_at_its_tuned_pitch_from_the_nearest_note(keys, pitch):
    keys.post(SetTuning(tuning=tuned(k60=pitch)))
    assert heard(keys, on(60)) == pytest.approx(pitch, abs=0.005)
    assert keys.engine._machine.voices["source"][0] == round(pitch)


def test_a_silent_key_is_silent(keys):
    keys.post(SetTuning(tuning=tuned(k60=None)), on(60))
    assert not keys.take(0.2).any()
    keys.post(NoteOff(note=60))
    assert heard(keys, on(61)) == pytest.approx(61, abs=0.005)


def test_a_tuning_that_changes_moves_held_notes_without_a_click(keys):
    keys.post(on(60))
    before = keys.take(0.3)[4800:]
    keys.post(SetTuning(tuning=tuned(k60=60.5)))
    wave = np.concatenate([before, keys.take(0.4)])
    assert pitch_of(wave[-9600:, 0]) == pytest.approx(60.5, abs=0.005)
    assert roughness(wave) < 1.2 * roughness(wave[-4800:])
    pitches = pitches_of(wave[:, 0])[4800:-4800]
    assert 59.9 < pitches.min() <= pitches.max() < 60.6


def test_a_tuning_not_in_real_time_waits_for_the_next_note(keys):
    keys.post(on(60))
    keys.take(0.1)
    changed = SetTuning(tuning=tuned(k60=60.5), is_real_time=False)
    assert heard(keys, changed) == pytest.approx(60, abs=0.005)
    keys.post(NoteOff(note=60))
    keys.take(0.6)
    assert heard(keys, on(60)) == pytest.approx(60.5, abs=0.005)


def test_the_tuning_can_be_switched_off_and_transposition_comes_on_top(keys):
    keys.post(SetTuning(tuning=tuned(k62=62.4)), SetParameter(name="transpose", value=3.0))
    assert heard(keys, on(62)) == pytest.approx(65.4, abs=0.005)
    keys.post(NoteOff(note=62), SetParameter(name="microtuning", value=0.0))
    keys.take(0.6)
    assert heard(keys, on(62)) == pytest.approx(65.0, abs=0.005)


def test_the_fine_tune_is_on_top_of_the_tuning(keys):
    keys.post(SetTuning(tuning=tuned(k62=62.4)), SetParameter(name="tune", value=-20.0))
    keys.take(0.2)
    assert heard(keys, on(62)) == pytest.approx(62.2, abs=0.005)


def test_without_a_tuning_every_key_has_its_own_pitch(keys):
    keys.post(SetTuning(tuning=tuned(k60=61.0)), SetTuning(tuning=None))
    assert heard(keys, on(60)) == pytest.approx(60, abs=0.001)


@pytest.mark.parametrize(
    ("tuning", "message"),
    [
        (Tuning("short", (60.0,)), "a tuning has 128 keys, not 1"),
        (tuned(k5=400.0), "key 5 must be tuned to"),
        (tuned(k5=float("nan")), "key 5 must be tuned to"),
    ],
)
def test_an_impossible_tuning_is_refused(player, tuning, message):
    with pytest.raises(ValueError, match=message):
        player.engine.post(SetTuning(tuning=tuning))


def test_hertz_become_pitches():
    assert hz_to_pitch(440.0) == 69.0
    assert hz_to_pitch(220.0) == 57.0
    assert np.isclose(hz_to_pitch(450.0), 69.389, atol=1e-3)
