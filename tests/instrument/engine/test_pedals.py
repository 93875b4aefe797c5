"""The three pedals, by what is heard."""

from itertools import pairwise

import numpy as np
import pytest

from instrument.engine.pedals import DOWN_FROM, UP_TO, damping_of
from instrument.values.events import (
    AllNotesOff,
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    SetParameter,
)
from tests.instrument.playing import brightness_of, level_db, roughness, steady_note

SUSTAIN, SOSTENUTO, SOFT = 64, 66, 67


def pedal(number, value, channel=0):
    return ControlChange(controller=number, value=value, channel=channel)


def on(note, velocity=127, channel=0):
    return NoteOn(note=note, velocity=velocity, channel=channel)


def off(note, channel=0):
    return NoteOff(note=note, channel=channel)


@pytest.fixture
def keys(player):
    for note in (48, 60, 64, 67):
        player.publish(note, steady_note(note))
    return player


def test_the_dampers_lift_between_a_quarter_and_three_quarters_of_the_way():
    places = np.linspace(0, 1, 101)
    dampings = np.array([damping_of(place) for place in places])
    assert (dampings[places <= UP_TO] == 1.0).all()
    assert (dampings[places >= DOWN_FROM] == 0.0).all()
    assert (np.diff(dampings) <= 0.0).all()
    between = dampings[(places > UP_TO) & (places < DOWN_FROM)]
    assert len(set(between)) == len(between)


def falling_db(player, value, seconds=0.1):
    """Say how far a note falls in a time after its key is let go, at a place of the pedal."""
    player.post(pedal(SUSTAIN, value), on(60))
    player.take(0.2)
    player.post(off(60))
    wave = player.take(seconds + 0.02)
    player.post(Panic())
    player.take(0.02)
    return level_db(wave[:960]) - level_db(wave[-960:])


def test_the_further_the_pedal_the_longer_the_release(keys):
    falls = [falling_db(keys, value) for value in (0, 30, 50, 65, 80, 90, 127)]
    assert falls[0] == pytest.approx(falls[1], abs=0.1)
    assert falls[0] > 12
    assert all(one > other + 0.1 for one, other in pairwise(falls[1:]))
    assert falls[-1] == pytest.approx(0.0, abs=0.05)


def test_a_pedal_that_only_knows_up_and_down_does_as_before(keys):
    keys.post(pedal(SUSTAIN, 127), on(60), off(60))
    keys.take(0.2)
    held = keys.take(0.5)
    assert level_db(held[-4800:]) == pytest.approx(level_db(held[:4800]), abs=0.1)
    keys.post(pedal(SUSTAIN, 0))
    keys.take(0.5)
    assert not keys.take(0.1).any()


def test_a_half_pedal_that_goes_down_again_holds_what_is_left(keys):
    keys.post(pedal(SUSTAIN, 127), on(60))
    keys.take(0.2)
    keys.post(off(60))
    full = level_db(keys.take(0.1))
    keys.post(pedal(SUSTAIN, 50))
    keys.take(0.1)
    keys.post(pedal(SUSTAIN, 127))
    keys.take(0.02)
    left = keys.take(1.0)
    assert -30 < level_db(left[:4800]) - full < -3
    assert level_db(left[-4800:]) == pytest.approx(level_db(left[:4800]), abs=0.1)
    keys.post(pedal(SUSTAIN, 0))
    keys.take(0.5)
    assert not keys.take(0.1).any()


def test_a_pedal_that_trembles_makes_no_click(keys):
    keys.post(on(48), pedal(SUSTAIN, 127))
    before = keys.take(0.3)
    keys.post(off(48))
    waves = [before[-4800:]]
    for value in (20, 60, 100, 40, 70, 33, 90, 60, 127):
        keys.post(pedal(SUSTAIN, value))
        waves.append(keys.take(0.02))
    assert roughness(np.concatenate(waves)) < 1.05 * roughness(before[4800:])


def test_a_half_pedal_is_of_its_own_channel(keys):
    keys.post(pedal(SUSTAIN, 127, 1), on(60, channel=0), on(64, channel=1))
    keys.take(0.1)
    keys.post(off(60, 0), off(64, 1))
    keys.take(0.6)
    assert keys.counters.n_voices == 1


def test_a_key_struck_again_under_the_pedal_makes_no_click_and_no_second_voice(keys):
    keys.post(pedal(SUSTAIN, 127), on(48, 100))
    before = keys.take(0.3)
    waves = [before[4800:]]
    for _ in range(4):
        keys.post(off(48), on(48, 100))
        waves.append(keys.take(0.1033))
    assert keys.counters.n_voices == 1
    struck = steady_note(48)[:96] * np.abs(before).max() / 0.4
    # a new attack is at most as sharp as the note's own beginning under the envelope's 2 ms
    limit = roughness(before[4800:]) + np.abs(struck).max() / 96
    assert roughness(np.concatenate(waves)) < limit
    keys.post(off(48), pedal(SUSTAIN, 0))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_the_sostenuto_holds_the_keys_that_were_down_and_no_others(keys):
    keys.post(on(60))
    keys.take(0.05)
    keys.post(pedal(SOSTENUTO, 127), on(64))
    keys.take(0.05)
    keys.post(off(60), off(64))
    keys.take(0.6)
    assert keys.counters.n_voices == 1
    assert level_db(keys.take(0.1)) > -30
    keys.post(pedal(SOSTENUTO, 0))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_a_key_of_the_sostenuto_that_is_struck_again_is_held_too(keys):
    keys.post(on(60))
    keys.take(0.05)
    keys.post(pedal(SOSTENUTO, 127), off(60), on(60))
    keys.take(0.1)
    keys.post(off(60))
    keys.take(0.6)
    assert level_db(keys.take(0.1)) > -30


def test_a_key_still_down_when_the_sostenuto_comes_up_sounds_on(keys):
    keys.post(on(60), pedal(SOSTENUTO, 127))
    keys.take(0.05)
    keys.post(pedal(SOSTENUTO, 0))
    keys.take(0.6)
    assert keys.counters.n_voices == 1
    keys.post(off(60))
    keys.take(0.6)
    assert keys.counters.n_voices == 0


@pytest.mark.parametrize("first", [SUSTAIN, SOSTENUTO])
def test_what_both_pedals_hold_ends_with_the_second(keys, first):
    second = SOSTENUTO if first == SUSTAIN else SUSTAIN
    keys.post(on(60))
    keys.take(0.05)
    keys.post(pedal(SOSTENUTO, 127), pedal(SUSTAIN, 127), off(60))
    keys.post(pedal(first, 0))
    keys.take(0.6)
    assert keys.counters.n_voices == 1
    keys.post(pedal(second, 0))
    keys.take(0.6)
    assert keys.counters.n_voices == 0


def test_the_soft_pedal_makes_the_next_note_softer_and_darker(keys):
    keys.post(SetParameter(name="cutoff", value=2000.0))
    keys.take(0.2)
    heard = []
    for value in (0, 64, 127):
        keys.post(pedal(SOFT, value), on(60))
        wave = keys.take(0.4)[9600:, 0]
        heard.append((level_db(wave), brightness_of(wave)))
        keys.post(Panic())
        keys.take(0.05)
    levels, brightness = zip(*heard, strict=True)
    assert levels[0] > levels[1] + 1 > levels[2] + 2
    assert brightness[0] > brightness[1] > brightness[2]


def test_the_soft_pedals_level_is_in_decibels(keys):
    keys.post(SetParameter(name="soft_level", value=-12.0))
    levels = []
    for value in (0, 127):
        keys.post(pedal(SOFT, value), on(60))
        levels.append(level_db(keys.take(0.2)[4800:]))
        keys.post(Panic())
        keys.take(0.05)
    # the filter takes a little more: at 10 kHz there is next to nothing of this note
    assert levels[0] - levels[1] == pytest.approx(12.0, abs=0.1)


def test_a_note_that_sounds_does_not_feel_the_soft_pedal(keys):
    keys.post(on(60))
    keys.take(0.1)
    before = level_db(keys.take(0.1))
    keys.post(pedal(SOFT, 127))
    assert level_db(keys.take(0.1)) == pytest.approx(before, abs=0.05)


@pytest.mark.parametrize("event", [AllNotesOff(), Panic()])
def test_everything_off_lets_go_of_what_pedals_hold(keys, event):
    keys.post(on(60), pedal(SOSTENUTO, 127), pedal(SUSTAIN, 127), on(64), off(60), off(64))
    keys.take(0.1)
    keys.post(event)
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_after_panic_all_pedals_are_up(keys):
    keys.post(pedal(SUSTAIN, 60), pedal(SOSTENUTO, 127), pedal(SOFT, 127), Panic())
    keys.post(on(60))
    loud = level_db(keys.take(0.2)[4800:])
    keys.post(off(60))
    keys.take(0.5)
    assert not keys.take(0.1).any()
    assert loud > -24
