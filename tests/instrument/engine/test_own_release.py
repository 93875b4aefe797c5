"""What a key does that comes up: its note's own end, releases by velocity; and controller 84."""

import numpy as np
import pytest

from instrument.engine.own_release import ENVELOPE, KEY_UP_SECONDS, OWN
from instrument.engine.pool import NotePool
from instrument.notes.note_finish import SLOT_SECONDS, finish_note
from instrument.notes.renderer_protocol import RenderNote
from instrument.values.events import ControlChange, NoteOff, NoteOn, SetParameter
from tests.instrument.playing import RATE, Player, level_db, pitch_of, roughness, steady_note
from tests.signals import hz

KEY = 60
TAIL_SECONDS = 0.15  # in which the note's own end falls to a third
TIME = np.arange(4 * RATE) / RATE


def blown(falls=True):
    """A note that is held to 3 s and then dies away, as the notes of NSynth do."""
    turns = hz(KEY) * TIME
    wave = 0.3 * np.sin(2 * np.pi * turns) + 0.1 * np.sin(2 * np.pi * 3 * turns + 1.0)
    if falls:
        wave *= np.exp(-np.maximum(TIME - KEY_UP_SECONDS, 0.0) / TAIL_SECONDS)
    breath = np.random.default_rng(0).normal(size=len(TIME)) * 0.001
    return (wave + breath).astype(np.float32)


@pytest.fixture
def pool():
    pool = NotePool(4, round(SLOT_SECONDS * RATE))
    yield pool
    pool.close()


def playing(pool, wave, kind, **values):
    player = Player(pool)
    job = RenderNote(1, "", b"", (1.0,), KEY, 1, RATE)
    player.engine.publish(KEY, finish_note(wave, RATE, job, 1.0, pool.samples[1]))
    values = {"release_kind": kind, "spread": 0.0, "velocity_level": 0.0, "release": 5.0} | values
    for name, value in values.items():
        player.post(SetParameter(name=name, value=float(value)))
    player.take(0.3)
    player.post(NoteOn(note=KEY, velocity=100))
    return player


@pytest.mark.parametrize("held", [0.7, 2.8, 7.0])
def test_a_note_that_is_let_go_ends_as_its_model_ends_it(pool, held):
    player = playing(pool, blown(), OWN)
    before = level_db(player.take(held)[-4800:, 0])
    player.post(NoteOff(note=KEY))
    end = player.take(1.0)[:, 0]
    for at in (0.15, 0.3, 0.45):
        first = round(at * RATE)
        fall = before - level_db(end[first : first + 2400])
        assert fall == pytest.approx(20 * np.log10(np.e) * (at + 0.025) / TAIL_SECONDS, abs=1.5)
    player.take(0.3)
    assert player.counters.n_voices == 0


def test_the_way_into_its_end_is_smooth_and_does_not_dip(pool):
    player = playing(pool, blown(), OWN)
    held = player.take(1.03)
    player.post(NoteOff(note=KEY))
    way = player.take(0.06)
    assert roughness(way) < 1.3 * roughness(held[-9600:])
    assert level_db(way[:1440, 0]) > level_db(held[-4800:, 0]) - 1.0


def test_the_envelopes_release_is_as_it_was(pool):
    ends = []
    for wave in (blown(), blown(falls=False)):
        player = playing(pool, wave, ENVELOPE, release=0.3)
        player.take(1.0)
        player.post(NoteOff(note=KEY))
        ends.append(player.take(0.4)[:, 0].copy())
    assert level_db(ends[0][-2400:]) < -90
    assert np.array_equal(*ends)


def test_a_note_that_can_not_be_held_on_has_the_envelopes_release(pool):
    player = playing(pool, blown(), OWN, release=0.1)
    player.publish(KEY + 1, steady_note(KEY + 1))  # without a steady part
    player.post(NoteOff(note=KEY), NoteOn(note=KEY + 1, velocity=100))
    player.take(2.0)
    player.post(NoteOff(note=KEY + 1))
    player.take(0.2)
    assert player.counters.n_voices == 0


def test_a_note_in_its_own_end_is_struck_anew(pool):
    player = playing(pool, blown(), OWN)
    before = level_db(player.take(1.0)[-4800:, 0])
    player.post(NoteOff(note=KEY))
    player.take(0.3)
    player.post(NoteOn(note=KEY, velocity=100))
    assert level_db(player.take(1.0)[-4800:, 0]) == pytest.approx(before, abs=0.5)
    assert player.counters.n_voices == 1


def test_a_chord_that_is_let_go_is_silent_in_the_end(pool):
    player = playing(pool, blown(), OWN)
    player.post(*(NoteOn(note=KEY + n, velocity=90) for n in range(1, 9)))
    player.take(1.0)
    player.post(*(NoteOff(note=KEY + n) for n in range(9)))
    player.take(2.5)
    assert player.counters.n_voices == 0


def seconds_of_release(player, velocity):
    player.post(NoteOn(note=KEY, velocity=100))
    player.take(0.3)
    player.post(NoteOff(note=KEY, velocity=velocity))
    return int((np.abs(player.take(6.0)[:, 0]) > 1e-4).sum()) / RATE


@pytest.mark.parametrize(("velocity", "factor"), [(1, 4.0), (64, 1.0), (96, 0.5), (127, 0.25)])
def test_a_key_that_comes_up_faster_ends_its_note_sooner(player, velocity, factor):
    player.publish(KEY, steady_note(KEY))
    player.post(SetParameter(name="release", value=0.4))
    usual = seconds_of_release(player, 64)
    assert seconds_of_release(player, velocity) == usual  # the knob is at 0
    player.post(SetParameter(name="release_velocity", value=1.0))
    assert seconds_of_release(player, velocity) == pytest.approx(usual * factor, rel=0.05)


def test_the_next_note_glides_from_the_key_that_a_controller_names_and_no_other_does(player):
    for key in (48, 54, 60):
        player.publish(key, steady_note(key), loop_start=48000, loop_end=144000)
    player.post(SetParameter(name="portamento_time", value=5.0))
    player.take(0.1)
    player.post(ControlChange(controller=84, value=48), NoteOn(note=60, velocity=100))
    begun = player.take(0.3)[2400:, 0]
    loudest = np.abs(np.fft.rfft(begun * np.hanning(len(begun)))).argmax() * RATE / len(begun)
    assert loudest == pytest.approx(hz(48.35), abs=RATE / len(begun))
    assert pitch_of(player.take(5.2)[-9600:, 0]) == pytest.approx(60, abs=0.02)
    player.post(NoteOff(note=60))
    player.take(1.0)
    player.post(NoteOn(note=54, velocity=100))
    assert pitch_of(player.take(0.3)[4800:, 0]) == pytest.approx(54, abs=0.02)
