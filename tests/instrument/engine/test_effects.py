import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.values.events import AllNotesOff, NoteOff, NoteOn, Panic, SetParameter
from instrument.values.parameters import BY_NAME, PARAMETERS
from tests.instrument.playing import RATE, Player, level_db, roughness, steady_note

MIXES = ("chorus_mix", "delay_mix", "reverb_mix")
EFFECTS = [row for row in PARAMETERS if row.group in ("chorus", "delay", "reverb", "tempo")]
each = pytest.mark.parametrize("mix", MIXES)


def play(player, **values):
    """Hold a note with some knobs turned; its attack is over, and it lasts for three seconds."""
    player.publish(60, steady_note(60))
    player.post(*(SetParameter(name=name, value=value) for name, value in values.items()))
    player.post(NoteOn(note=60, velocity=100))
    player.take(1.0)


def test_all_effects_are_off_by_default():
    assert all(BY_NAME[mix].default == 0.0 for mix in MIXES)


def test_off_the_sound_is_the_same_bit_for_bit_wherever_the_other_knobs_stand(note_pool):
    def sound(**values):
        player = Player(note_pool)
        play(player, **values)
        return player.take(0.5)

    turned = {row.name: row.maximum for row in EFFECTS if row.name not in MIXES}
    np.testing.assert_array_equal(sound(), sound(**turned))


@each
def test_an_effect_is_heard(player, mix):
    play(player)
    before = player.take(0.5)
    player.post(SetParameter(name=mix, value=0.7))
    player.take(1.0)
    assert np.abs(player.take(0.5) - before).max() > 0.01


@each
def test_turning_an_effect_on_and_off_does_not_click(player, mix):
    play(player)
    rough = roughness(player.take(0.5))
    for value in (0.6, 0.0, 1.0, 0.0, 0.6):
        player.post(SetParameter(name=mix, value=value))
        assert roughness(player.take(0.4)) < 1.6 * rough


@pytest.mark.parametrize("mix", ["delay_mix", "reverb_mix"])
def test_a_tail_rings_out_after_the_note_has_ended(player, mix):
    play(player, release=0.005, delay_division=0, **{mix: 0.7})
    player.post(NoteOff(note=60))
    player.take(0.2)
    assert player.counters.n_voices == 0
    assert level_db(player.take(0.5)) > -50
    player.take(12.0)
    assert level_db(player.take(0.5)) < -90


@each
def test_what_was_in_an_effect_when_it_was_turned_off_never_comes_back(player, mix):
    values = {"delay_feedback": 0.9, "delay_time": 3.0, "delay_division": 0, "reverb_time": 20.0}
    play(player, release=0.005, **values, **{mix: 1.0})
    player.post(SetParameter(name=mix, value=0.0), AllNotesOff())
    player.take(0.4)
    player.post(SetParameter(name=mix, value=1.0))
    assert np.abs(player.take(4.0)).max() < 1e-6


@each
def test_off_and_on_again_within_the_emptying_makes_no_click_and_no_ghost(player, mix):
    play(player)
    rough = roughness(player.take(0.5))
    player.post(SetParameter(name=mix, value=1.0))
    player.take(0.5)
    player.post(SetParameter(name=mix, value=0.0))
    player.take(0.21)  # off has just been reached
    player.post(SetParameter(name=mix, value=1.0))
    assert roughness(player.take(0.5)) < 1.6 * rough


@each
def test_panic_silences_a_tail_at_once_and_the_effect_plays_on(player, mix):
    values = {"delay_feedback": 0.9, "delay_time": 0.3, "reverb_time": 20.0}
    play(player, **values, **{mix: 0.8})
    player.post(Panic())
    fading = player.take(0.02)
    assert roughness(fading) < 0.05
    assert np.abs(player.take(4.0)).max() < 1e-6
    player.post(NoteOn(note=60, velocity=100))
    with_effect = player.take(1.5)
    player.post(SetParameter(name=mix, value=0.0), Panic())
    player.take(0.5)
    player.post(NoteOn(note=60, velocity=100))
    assert np.abs(player.take(1.5) - with_effect).max() > 0.01


def test_reset_forgets_what_rings(player):
    play(player, reverb_mix=0.8, delay_mix=0.8, chorus_mix=0.8)
    player.engine.reset()
    assert not player.take(2.0).any()


def test_the_blocks_size_changes_nothing(note_pool):
    def sound(block):
        player = Player(note_pool)
        play(player, reverb_mix=0.5, delay_mix=0.5, chorus_mix=0.5, delay_time=0.05)
        out = np.zeros((9600, 2), np.float32)
        for first in range(0, len(out), block):
            player.engine.process(out[first : first + block])
        return out

    np.testing.assert_array_equal(sound(64), sound(100))


def test_delay_follows_the_tempo(player):
    player.publish(60, np.r_[np.ones(64), np.zeros(48000)].astype(np.float32) * 0.5)
    player.post(
        SetParameter(name="delay_mix", value=0.5),
        SetParameter(name="delay_division", value=6),  # an eighth
        SetParameter(name="delay_feedback", value=0.0),
        SetParameter(name="tempo", value=150.0),
    )
    player.take(0.5)
    player.post(NoteOn(note=60, velocity=100))
    power = np.square(player.take(1.0)).sum(axis=1)
    first = np.argmax(power > 1e-6)
    echo = first + 4800 + np.argmax(power[first + 4800 :] > 1e-6)
    assert echo - first == pytest.approx(0.2 * RATE, abs=2)


@pytest.mark.parametrize("rate", [8000.0, 22050.0, 44100.0, 192000.0, 384000.0])
def test_they_play_at_any_sample_rate(rate):
    pool = NotePool(2, 8000)
    pool.samples[1] = 0.3 * np.random.default_rng(0).normal(size=8000)
    engine = Engine(rate, pool)
    engine.publish(60, _note(8000))
    for mix in MIXES:
        engine.post(SetParameter(name=mix, value=0.8))
    engine.post(NoteOn(note=60, velocity=100))
    out = np.zeros((round(rate), 2), np.float32)
    engine.process(out)
    pool.close()
    assert np.isfinite(out).all()
    assert level_db(out) > -60


def _note(n_frames):
    return NoteInfo(1, n_frames)


def test_a_tail_that_dies_away_never_becomes_slow(player):
    play(player, reverb_mix=0.5, delay_mix=0.5, chorus_mix=0.5, reverb_time=0.2, delay_time=0.01)
    loud = min(_seconds_of(player) for _ in range(5))
    player.post(AllNotesOff())
    quiet = [_seconds_of(player) for _ in range(20)]  # ten seconds: denormals would come by
    # denormal numbers cost ten to a hundred times as much; a busy machine seldom does
    assert np.median(quiet) < 3 * loud


def _seconds_of(player):
    start = time.process_time()
    player.take(0.5)
    return time.process_time() - start


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_nothing_passes_full_scale_for_any_knobs(data):
    pool = NotePool(2, 4800)
    pool.samples[1] = np.random.default_rng(1).uniform(-1, 1, 4800)
    player = Player(pool)
    player.engine.publish(60, _note(4800))
    try:
        for _ in range(4):
            row = data.draw(st.sampled_from(EFFECTS))
            position = data.draw(st.floats(0, 1))
            player.post(SetParameter(name=row.name, value=row.from_position(position)))
            mix = data.draw(st.sampled_from(MIXES))
            player.post(SetParameter(name=mix, value=data.draw(st.floats(0, 1))))
            player.post(SetParameter(name="volume", value=6.0))
            player.post(*(NoteOn(note=60, velocity=127, channel=c) for c in range(8)))
            out = player.take(0.2)
            assert np.isfinite(out).all()
            assert np.abs(out).max() <= 1.0
    finally:
        pool.close()
