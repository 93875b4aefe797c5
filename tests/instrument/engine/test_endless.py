"""Held notes: natural ones end, endless ones go on, one-shots play out whatever the key does."""

import numpy as np
import pytest

from instrument.engine.endless import ENDLESS, NATURAL, ONE_SHOT, TABLE_FRAMES
from instrument.engine.pool import NotePool
from instrument.notes.note_finish import SLOT_SECONDS, finish_note
from instrument.notes.periodicity import band_levels, modulation_at, most_change
from instrument.notes.renderer_protocol import RenderNote
from instrument.values.events import ControlChange, NoteOff, NoteOn, PitchBend, SetParameter
from tests.instrument.playing import RATE, Player, level_db

KEY = 60
HZ = 261.6256
TIME = np.arange(4 * RATE) / RATE
BODY = np.clip(TIME / 0.01, 0, 1) * np.clip((3.9 - TIME) / 0.9, 0, 1)  # 3 s held, then a release


def tone(decay_db=0.0, breath=0.0, swell=0.0):
    """A made-up note: float32 [frame]."""
    wave = sum(np.sin(2 * np.pi * k * HZ * TIME + k * k) / k for k in range(1, 8))
    wave = wave * (1 + swell * np.sin(2 * np.pi * 0.6 * TIME))
    wave = wave + breath * np.random.default_rng(1).standard_normal(len(TIME))
    return (0.2 * wave * BODY * 10 ** (-decay_db * TIME / 20)).astype(np.float32)


@pytest.fixture(scope="module")
def pool():
    pool = NotePool(4, round(SLOT_SECONDS * RATE))
    yield pool
    pool.close()


def player_of(pool, wave, ending=ENDLESS):
    """Make a player with a finished note on its key and the key down."""
    player = Player(pool)
    job = RenderNote(1, "", b"", (1.0,), KEY, 1, float(RATE))
    player.engine.publish(KEY, finish_note(wave, RATE, job, 1.0, pool.samples[1]))
    for name, value in (("ending", ending), ("spread", 0.0), ("velocity_level", 0.0)):
        player.post(SetParameter(name=name, value=float(value)))
    player.take(0.3)
    player.post(NoteOn(note=KEY, velocity=127))
    return player


def second_levels(wave):
    rows = wave[: len(wave) // RATE * RATE].reshape(-1, RATE)
    return np.array([level_db(row) for row in rows])


def test_the_slot_holds_the_note_as_the_model_made_it(pool):
    wave = tone(breath=0.05)
    player_of(pool, wave)
    held = slice(round(0.002 * RATE), round(3.98 * RATE))
    np.testing.assert_array_equal(pool.samples[1, held], wave[held])


@pytest.mark.parametrize("wave", [tone(), tone(breath=0.1), tone(swell=0.3)])
def test_an_endless_note_keeps_its_level_for_as_long_as_it_is_held(pool, wave):
    levels = second_levels(player_of(pool, wave).take(20.0)[3 * RATE :, 0])
    assert np.ptp(levels) < 0.5


@pytest.mark.parametrize("wave", [tone(), tone(breath=0.1), tone(swell=0.3)])
def test_an_endless_note_does_not_repeat_itself(pool, wave):
    player = player_of(pool, wave)
    held = player.take(40.0)[3 * RATE :, 0].copy()
    steady = player.engine._machine.keys[0, KEY]
    rate = RATE / int(steady["loop_end"] - steady["loop_start"])
    assert modulation_at(band_levels(held, RATE), rate).worst_db < -45


def test_an_endless_note_changes_no_more_suddenly_than_the_note_does(pool):
    wave = tone(breath=0.1)
    held = player_of(pool, wave).take(12.0)[RATE:, 0].copy()
    assert most_change(held, RATE) < 1.2 * most_change(wave[RATE : 3 * RATE], RATE)


@pytest.mark.parametrize("decay_db", [3.0, 8.0])
def test_a_decaying_note_decays_on_at_its_own_rate(pool, decay_db):
    levels = second_levels(player_of(pool, tone(decay_db=decay_db)).take(8.0)[RATE:, 0])
    assert np.diff(levels) == pytest.approx(np.full(len(levels) - 1, -decay_db), abs=0.4)


@pytest.mark.parametrize("ending", [NATURAL, ONE_SHOT])
def test_a_natural_note_is_the_note_itself_to_its_end(pool, ending):
    wave = tone(breath=0.05)
    out = player_of(pool, wave, ending).take(5.0)[:, 0]
    begun = int(np.argmax(np.abs(out) > 1e-6))
    shift = begun - int(np.argmax(np.abs(wave) > 1e-5))
    heard = out[max(shift, 0) :][: len(wave)]
    middle = slice(RATE, round(3.8 * RATE))
    own = wave[middle]
    best = max(
        float(np.corrcoef(heard[RATE + lag : RATE + lag + len(own)], own)[0, 1])
        for lag in range(-8, 9)
    )
    assert best > 0.999
    assert not out[-RATE // 2 :].any()


def test_a_key_let_go_ends_a_natural_note_but_not_a_one_shot(pool):
    for ending, is_heard in ((NATURAL, False), (ONE_SHOT, True)):
        player = player_of(pool, tone(), ending)
        player.take(0.2)
        player.post(NoteOff(note=KEY))
        player.take(1.0)
        assert (level_db(player.take(0.5)[:, 0]) > -40) == is_heard


def test_pedals_do_not_cut_a_one_shot(pool):
    player = player_of(pool, tone(), ONE_SHOT)
    player.take(0.2)
    player.post(ControlChange(controller=64, value=127), NoteOff(note=KEY))
    player.post(ControlChange(controller=66, value=127), ControlChange(controller=66, value=0))
    player.post(ControlChange(controller=64, value=0))
    player.take(1.0)
    assert level_db(player.take(0.5)[:, 0]) > -40


def test_a_one_shot_frees_its_voice_when_it_is_over(pool):
    player = player_of(pool, tone(), ONE_SHOT)
    player.post(NoteOff(note=KEY))
    player.take(4.5)
    assert player.engine.counters().n_voices == 0


def test_a_held_note_that_is_made_natural_ends_and_softly(pool):
    player = player_of(pool, tone())
    before = player.take(7.0)[3 * RATE :, 0].copy()
    player.post(SetParameter(name="ending", value=float(NATURAL)))
    after = player.take(5.0)[:, 0].copy()
    assert not after[-RATE // 2 :].any()
    assert most_change(after[: RATE // 2], RATE) < 1.3 * most_change(before, RATE) + 0.01


def test_a_held_note_that_is_made_endless_in_time_goes_on(pool):
    player = player_of(pool, tone(), NATURAL)
    player.take(2.0)
    player.post(SetParameter(name="ending", value=float(ENDLESS)))
    assert level_db(player.take(8.0)[-RATE:, 0]) > -40


def test_the_same_notes_wander_the_same_way(pool):
    first, second = (player_of(pool, tone(breath=0.1)).take(10.0).copy() for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_note_struck_again_wanders_another_way(pool):
    player = player_of(pool, tone(breath=0.3))
    first = player.take(12.0)[8 * RATE :, 0].copy()
    player.post(NoteOff(note=KEY))
    player.take(2.0)
    player.post(NoteOn(note=KEY, velocity=127))
    second = player.take(12.0)[8 * RATE :, 0].copy()
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("bend", [-24.0, 7.3, 36.0])
def test_an_endless_note_goes_on_at_any_pitch(pool, bend):
    player = player_of(pool, tone())
    player.post(SetParameter(name="bend_range", value=48.0))
    player.post(PitchBend(value=bend / 48.0))
    out = player.take(15.0)
    assert np.isfinite(out).all()
    assert level_db(out[-RATE:, 0]) > -45


def test_where_a_slot_has_no_room_the_note_ends_by_itself():
    slot = np.ones(4 * RATE + TABLE_FRAMES, np.float32)
    job = RenderNote(1, "", b"", (1.0,), KEY, 1, float(RATE))
    info = finish_note(tone(), RATE, job, 1.0, slot)
    assert info.loop_end == 0
    assert not slot[-TABLE_FRAMES:].any()
