"""A held note goes on with what was made for it: no second attack, no dip, no click."""

import numpy as np
import pytest

from instrument.benchmarks.morph_measures import course_of, outside_cents
from instrument.engine.held_voices import held_voices
from instrument.engine.pool import NoteInfo
from instrument.engine.voice import fade_gains, fade_seconds
from instrument.values.events import NoteOff, NoteOn, SetParameter
from tests.instrument.playing import RATE, Player, level_db, levels_db, roughness, steady_note
from tests.signals import hz

NOTE = 60
FIRST, LAST = round(0.2 * RATE), round(0.8 * RATE)
OLD, NEW = 11, 22  # timbres


def on(note: int = NOTE) -> NoteOn:
    return NoteOn(note=note, velocity=127)


def struck(wave: np.ndarray) -> np.ndarray:
    """Give a wave a loud and noisy attack of 50 ms."""
    wave = wave.copy()
    n = RATE // 20
    wave[:n] += np.random.default_rng(0).uniform(-0.5, 0.5, n).astype(np.float32)
    return wave


def crop_of(player: Player, wave: np.ndarray, slot: int, **changes: object) -> NoteInfo:
    """Put the part of a wave from 0.2 to 0.8 s into a slot of rubbish, looping at its end."""
    rubbish = np.random.default_rng(1).uniform(-1, 1, player.pool.n_frames)
    rubbish[-64:] = 0.0
    player.pool.write(slot, rubbish.astype(np.float32))
    player.pool.samples[slot, FIRST:LAST] = wave[FIRST:LAST]
    period = round(RATE / hz(NOTE) * 100)
    fields = {
        "first_frame": FIRST,
        "loop_start": LAST - period,
        "loop_end": LAST,
        "sample_rate": RATE,
        "timbre": NEW,
    }
    return NoteInfo(slot, LAST, **(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def held(player: Player) -> Player:
    """An engine that has held a key for 0.4 s: slot 1 plays."""
    player.publish(NOTE, struck(steady_note(NOTE, phases=9)), timbre=OLD)
    player.post(on())
    player.take(0.4)
    return player


def reads(player: Player) -> set[int]:
    """The slots that voices read."""
    return {int(slot) for slot in player.engine._machine.readers["slot"].ravel()} - {0}


@pytest.mark.parametrize("phases", range(4))
def test_a_crop_is_taken_up_at_the_same_moment_and_without_an_attack(held, phases):
    new = struck(steady_note(NOTE, phases=phases))
    held.engine.publish_onward(NOTE, crop_of(held, new, 5))
    held.take(0.3)
    assert reads(held) == {5}
    (voice,) = held.engine.held_voices()
    assert voice.moment == pytest.approx(0.7 * RATE, abs=RATE / hz(NOTE) + 64)


def test_a_crop_in_phase_is_heard_without_dip_or_click(held):
    old = held.pool.samples[1].copy()
    held.engine.publish_onward(NOTE, crop_of(held, old, 5))
    before, wave = held.take(0.0), held.take(0.3)[:, 0]
    assert len(before) == 0
    levels = levels_db(wave, NOTE)
    assert np.ptp(levels) < 0.1
    assert roughness(wave) < 1.02 * roughness(old[20000:30000]) * np.abs(wave).max() / 0.4


@pytest.mark.parametrize("phases", range(4))
def test_a_crop_of_another_timbre_makes_no_click_and_no_step(held, phases):
    new = steady_note(NOTE, phases=phases, n_harmonics=20, level=0.1)
    held.engine.publish_onward(NOTE, crop_of(held, new, 5))
    wave = held.take(0.3)[:, 0]
    levels = levels_db(wave, NOTE)
    n = RATE // 100
    assert np.abs(levels[n:] - levels[:-n]).max() < 1.7
    assert levels.min() > min(levels[0], levels[-1]) - 1.0


def test_a_crop_plays_on_until_its_whole_note_comes(held):
    held.engine.publish_onward(NOTE, crop_of(held, steady_note(NOTE, phases=9), 5))
    wave = held.take(3.0)[RATE // 2 :, 0]
    assert np.ptp(levels_db(wave, NOTE)) < 0.1
    assert reads(held) == {5}


@pytest.mark.parametrize("ending", [0, 1])
def test_the_whole_note_takes_the_crops_place(held, ending):
    wave = steady_note(NOTE, phases=9)
    held.post(SetParameter(name="ending", value=ending))
    held.engine.publish_onward(NOTE, crop_of(held, wave, 5))
    held.take(0.2)
    held.pool.write(6, wave)
    whole = held.note_of(6, wave, timbre=NEW)
    held.engine.publish_onward(NOTE, whole)
    levels = levels_db(held.take(0.3)[:, 0], NOTE)
    assert reads(held) == {6}
    assert np.ptp(levels) < 0.1


def test_new_strikes_do_not_play_what_held_notes_go_on_with(held):
    held.engine.publish_onward(NOTE, crop_of(held, steady_note(NOTE, phases=2), 5))
    held.take(0.2)
    held.post(on())
    held.take(0.05)
    assert 1 in reads(held)


def test_a_crop_elsewhere_is_not_taken_up(held):
    wave = steady_note(NOTE, phases=2)
    held.take(0.6)  # a second after the strike: the crop is over
    held.engine.publish_onward(NOTE, crop_of(held, wave, 5))
    held.take(0.3)
    assert reads(held) == {1}


def test_a_crop_that_comes_early_is_taken_up_when_its_time_has_come(player):
    player.publish(NOTE, steady_note(NOTE, phases=9), timbre=OLD)
    player.post(on())
    player.take(0.05)
    player.engine.publish_onward(NOTE, crop_of(player, steady_note(NOTE, phases=9), 5))
    player.take(0.1)
    assert reads(player) == {1}
    player.take(0.1)
    assert 5 in reads(player)


def test_a_crop_that_lies_elsewhere_in_its_note_is_taken_up_where_it_says(held):
    later = round(0.6 * RATE)
    held.take(0.6)
    held.engine.publish_onward(NOTE, crop_of(held, steady_note(NOTE, phases=9), 5, later=later))
    held.take(0.1)
    (voice,) = held.engine.held_voices()
    assert voice.slot == 5
    assert voice.moment == pytest.approx(0.5 * RATE, abs=RATE / hz(NOTE) + 128)


def test_what_sounds_alike_already_is_not_taken_up(held):
    wave = steady_note(NOTE, phases=2)
    held.pool.write(6, wave)
    held.engine.publish_onward(NOTE, held.note_of(6, wave, timbre=OLD))
    held.take(0.2)
    assert reads(held) == {1}


def test_a_note_for_new_strikes_alone_is_not_followed(held):
    wave = steady_note(NOTE, phases=2)
    held.pool.write(6, wave)
    held.engine.publish(NOTE, held.note_of(6, wave, timbre=NEW, is_followed=False))
    held.take(0.2)
    assert reads(held) == {1}
    held.post(on())
    held.take(0.1)
    assert 6 in reads(held)


def test_a_beginning_that_runs_out_is_followed_all_the_same(player):
    beginning, wave = steady_note(NOTE, 0.5, phases=1), steady_note(NOTE, phases=1)
    player.publish(NOTE, beginning, timbre=OLD)
    player.post(on())
    player.take(0.2)
    player.pool.write(6, wave)
    player.engine.publish(NOTE, player.note_of(6, wave, timbre=NEW, is_followed=False))
    levels = levels_db(player.take(0.6)[:, 0], NOTE)
    assert reads(player) == {6}
    assert np.ptp(levels) < 0.5


def test_a_crop_of_a_decaying_note_is_as_soft_as_the_note_has_become(held):
    """Eight seconds on, at 6 dB a second, and once round the crop's loop."""
    wave = steady_note(NOTE, phases=9)
    held.take(0.2)
    voice = held.engine._machine.voices[0]
    voice["elapsed"] = 8.6 * RATE
    period = round(RATE / hz(NOTE) * 100)
    per_loop = 10 ** (-6 * period / RATE / 20)
    crop = crop_of(held, wave, 5, loop_gain=per_loop)
    before = level_db(held.take(0.05)[:, 0])
    held.engine.publish_onward(NOTE, crop)
    after = level_db(held.take(0.4)[-4800:, 0])
    assert before - after == pytest.approx(6 * (8.0 + period / RATE), abs=1.0)


def test_notes_to_go_on_with_are_in_use_until_they_are_taken_back(held):
    held.engine.publish_onward(NOTE, crop_of(held, steady_note(NOTE, phases=2), 5, later=9 * RATE))
    held.take(0.1)
    assert held.engine.slots_in_use() == {1, 5}
    held.engine.publish_onward(NOTE, None)
    held.take(0.1)
    assert held.engine.slots_in_use() == {1}


def test_a_crop_must_hold_sound(held):
    with pytest.raises(ValueError, match="first_frame"):
        held.engine.publish_onward(NOTE, NoteInfo(5, 1000, first_frame=1000))


def test_released_voices_need_nothing_more(held):
    machine = held.engine._machine
    assert len(held_voices(machine.voices, machine.readers)) == 1
    held.post(NoteOff(note=NOTE))
    held.take(0.01)
    assert held_voices(machine.voices, machine.readers) == []


# How long and how even.


@pytest.mark.parametrize("balance", [1 / 30, 0.5, 1.0, 4.0, 30.0])
@pytest.mark.parametrize("likeness", [0.0, 0.6, 1.0])
def test_a_cross_fade_goes_evenly_from_level_to_level(balance, likeness):
    levels = []
    for way in np.linspace(0, 1, 41, dtype=np.float32):
        old, new = fade_gains(way, np.float32(likeness), np.float32(balance))
        new *= balance
        levels.append(10 * np.log10(old**2 + new**2 + 2 * likeness * old * new))
    steps = np.diff(levels)
    assert levels[0] == pytest.approx(0.0, abs=1e-4)
    assert levels[-1] == pytest.approx(20 * np.log10(balance), abs=1e-4)
    assert np.abs(steps).max() <= 1.51 * abs(levels[-1]) / 40 + 1e-4


def test_the_less_two_notes_are_alike_the_longer_they_are_cross_faded():
    period = 1 / hz(NOTE)
    assert fade_seconds(period, 1.0, 1.0) == pytest.approx(0.030)
    assert fade_seconds(period, 0.5, 1.0) > fade_seconds(period, 0.9, 1.0)
    assert fade_seconds(period, 1.0, 10.0) == pytest.approx(fade_seconds(period, 1.0, 0.1))
    assert fade_seconds(period, 1.0, 10.0) > fade_seconds(period, 1.0, 2.0)


# What the measure of pitch reads.


@pytest.mark.parametrize("note", [30, 60, 84])
def test_a_steady_note_reads_no_deviation_and_a_bent_one_its_own(note):
    for cents in (0.0, 5.0, -20.0):
        course = course_of(steady_note(note + cents / 100, 1.0, phases=3), RATE, note)
        middle = course.cents[40:-40]
        np.testing.assert_allclose(middle, cents, atol=0.5)


def test_a_change_of_timbre_in_phase_reads_no_deviation():
    soft = steady_note(NOTE, 1.0, n_harmonics=2)
    bright = steady_note(NOTE, 1.0, n_harmonics=12)
    way = np.clip((np.arange(len(soft)) - 20000) / 5000, 0, 1).astype(np.float32)
    course = course_of((1 - way) * soft + way * bright, RATE, NOTE)
    assert np.abs(course.cents[40:-40]).max() < 0.5


def test_a_jump_of_phase_reads_as_a_deviation():
    wave = steady_note(NOTE, 1.0, phases=1)
    jumped = np.concatenate([wave[:24000], wave[24000 + 20 :]])
    own = course_of(wave, RATE, NOTE).bounds()
    course = course_of(jumped, RATE, NOTE).after(0.2)
    inside = type(course)(course.seconds[:80], course.level_db[:80], course.cents[:80])
    assert outside_cents(inside, own, own) > 10.0
