"""Poly, mono, legato, portamento, unison, transposition; by what is heard."""

import numpy as np
import pytest

from instrument.values.events import (
    AllNotesOff,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    SetParameter,
    SetZones,
)
from instrument.values.parameters import KEY_MODES, PORTAMENTO_MODES
from instrument.values.zones import Zones
from tests.instrument.playing import (
    RATE,
    level_db,
    levels_db,
    pitch_of,
    pitches_of,
    roughness,
    steady_note,
)


def set_to(name, value):
    return SetParameter(name=name, value=float(value))


def mode(name):
    return set_to("key_mode", KEY_MODES.index(name))


def portamento(name, seconds=0.2):
    return (
        set_to("portamento", PORTAMENTO_MODES.index(name)),
        set_to("portamento_time", seconds),
    )


def on(note, velocity=127, channel=0):
    return NoteOn(note=note, velocity=velocity, channel=channel)


def off(note, channel=0):
    return NoteOff(note=note, channel=channel)


@pytest.fixture
def keys(player):
    for note in range(60, 79, 2):
        player.publish(note, steady_note(note, n_harmonics=1))
    player.post(set_to("spread", 0.0), set_to("velocity_level", 0.0))
    player.take(0.2)
    return player


def heard(player, *events, seconds=0.3):
    """Give the pitch a while after some events."""
    player.post(*events)
    player.take(0.1)
    return pitch_of(player.take(seconds)[:, 0])


@pytest.mark.parametrize("name", ["mono", "legato"])
def test_with_one_voice_the_last_key_sounds_and_then_the_one_before(keys, name):
    keys.post(mode(name))
    assert heard(keys, on(60)) == pytest.approx(60, abs=0.01)
    assert heard(keys, on(64)) == pytest.approx(64, abs=0.01)
    assert heard(keys, on(70)) == pytest.approx(70, abs=0.01)
    assert keys.counters.n_voices == 1
    assert heard(keys, off(64)) == pytest.approx(70, abs=0.01)
    assert heard(keys, off(70)) == pytest.approx(60, abs=0.01)
    keys.post(off(60))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_mono_strikes_anew_and_legato_does_not(keys):
    keys.post(set_to("attack", 0.3))
    lowest = {}
    for name in ("mono", "legato"):
        keys.post(mode(name), on(60))
        keys.take(0.6)
        keys.post(on(64))
        levels = levels_db(keys.take(0.6)[:, 0], 60)
        lowest[name] = levels.min() - levels[-1]
        keys.post(AllNotesOff())
        keys.take(0.6)
    assert lowest["mono"] < -6
    assert lowest["legato"] > -0.5


@pytest.mark.parametrize("interval", [2, 6, 12, 18])
def test_legato_makes_no_click_and_reads_the_new_keys_note(keys, interval):
    keys.post(mode("legato"), on(60))
    keys.take(0.3)
    keys.post(on(60 + interval))
    wave = keys.take(0.3)
    assert roughness(wave) < 1.3 * roughness(wave[-4800:])
    voices = keys.engine._machine.voices
    assert voices["source"][voices["stage"] != 0].tolist() == [60 + interval]


def test_a_legato_note_that_has_died_away_is_struck_anew(keys):
    keys.publish(60, steady_note(60, 0.3))
    keys.post(mode("legato"), on(60))
    keys.take(0.5)
    assert heard(keys, on(64)) == pytest.approx(64, abs=0.01)


def test_mono_under_the_pedal_goes_over_to_the_new_key(keys):
    keys.post(mode("mono"), ControlChange(controller=64, value=127), on(60))
    keys.take(0.1)
    assert heard(keys, off(60), on(66)) == pytest.approx(66, abs=0.01)
    assert keys.counters.n_voices == 1
    keys.post(off(66), ControlChange(controller=64, value=0))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_each_channel_has_its_own_one_voice(keys):
    keys.post(mode("mono"), on(60, channel=0), on(66, channel=1))
    keys.take(0.1)
    assert keys.counters.n_voices == 2


def test_an_mpe_zone_has_one_voice_for_all_its_channels(keys):
    keys.post(SetZones(zones=Zones(15)), mode("legato"))
    assert heard(keys, on(60, channel=1)) == pytest.approx(60, abs=0.01)
    bent = PitchBend(value=1 / 48, channel=2)
    assert heard(keys, bent, on(66, channel=2)) == pytest.approx(67, abs=0.01)
    assert keys.counters.n_voices == 1
    assert heard(keys, off(66, 2)) == pytest.approx(60, abs=0.01)


def test_portamento_glides_in_its_time_and_evenly(keys):
    keys.post(mode("legato"), *portamento("fingered", 0.4), on(60))
    keys.take(0.3)
    keys.post(on(72))
    pitches = pitches_of(keys.take(0.6)[:, 0])
    expected = 60 + 12 * np.clip(np.arange(len(pitches)) / (0.4 * RATE), 0, 1)
    assert np.abs(pitches - expected)[2400:-2400].max() < 0.25
    assert keys.engine._machine.voices["note"].max() == 72


@pytest.mark.parametrize(
    ("name", "tied", "glides"),
    [
        ("off", True, False),
        ("fingered", True, True),
        ("fingered", False, False),
        ("always", True, True),
        ("always", False, True),
    ],
)
@pytest.mark.parametrize("keys_mode", ["poly", "mono"])
def test_when_portamento_glides(keys, name, tied, glides, keys_mode):
    keys.post(mode(keys_mode), *portamento(name, 0.5), on(60))
    keys.take(0.2)
    if not tied:
        keys.post(off(60))
        keys.take(0.8)
    keys.post(on(72))
    keys.take(0.05)
    voices = keys.engine._machine.voices
    newest = voices[(voices["key"] == 72) & (voices["stage"] != 0)][0]
    assert (newest["pitch"] < 71.0) == glides
    keys.take(0.6)
    if keys_mode == "mono" or not tied:
        assert pitch_of(keys.take(0.3)[:, 0]) == pytest.approx(72, abs=0.01)


def test_the_first_note_of_all_does_not_glide(keys):
    keys.post(*portamento("always"))
    assert heard(keys, on(66), seconds=0.2) == pytest.approx(66, abs=0.01)


@pytest.mark.parametrize(
    ("name", "value", "pitch"),
    [("transpose", 5, 71), ("transpose", -4, 62), ("octave", 1, 78), ("octave", -1, 54)],
)
def test_transposition_moves_the_next_note_to_that_keys_note(keys, name, value, pitch):
    keys.post(set_to(name, value))
    assert heard(keys, on(66)) == pytest.approx(pitch, abs=0.01)
    voices = keys.engine._machine.voices
    assert abs(int(voices["source"][0]) - pitch) <= 6
    keys.post(set_to(name, 0), off(66))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_a_note_that_sounds_is_not_transposed(keys):
    keys.post(on(66))
    keys.take(0.1)
    assert heard(keys, set_to("transpose", 7)) == pytest.approx(66, abs=0.01)


def test_unison_is_as_loud_as_one_voice_and_wide(keys):
    keys.publish(60, steady_note(60))
    keys.post(on(60))
    keys.take(0.2)
    one = keys.take(1.0)
    keys.post(AllNotesOff())
    keys.take(0.6)
    keys.post(set_to("unison", 5), set_to("unison_detune", 15), on(60))
    keys.take(0.2)
    many = keys.take(2.0)
    assert keys.counters.n_voices == 5
    assert level_db(many) == pytest.approx(level_db(one), abs=2.0)
    assert np.corrcoef(one[:, 0], one[:, 1])[0, 1] > 0.999
    assert abs(np.corrcoef(many[:, 0], many[:, 1])[0, 1]) < 0.8
    for side in (0, 1):
        assert level_db(many[:, side]) == pytest.approx(level_db(many), abs=1.5)
    keys.post(off(60))
    keys.take(0.6)
    assert not keys.take(0.1).any()


def test_the_voices_of_a_unison_lie_evenly_about_the_pitch(keys):
    keys.post(set_to("unison", 5), set_to("unison_detune", 20), on(60))
    keys.take(0.1)
    voices = keys.engine._machine.voices
    detuned = sorted(voices["detune"][voices["stage"] != 0])
    assert detuned == pytest.approx([-0.2, -0.1, 0.0, 0.1, 0.2])


def test_unison_strikes_the_same_key_a_little_differently_each_time(keys):
    keys.post(set_to("unison", 2), on(60))
    first = keys.take(0.1)
    keys.post(AllNotesOff())
    keys.take(0.6)
    keys.post(on(60))
    second = keys.take(0.1)
    assert np.abs(first - second).max() > 0.01


def test_unison_stays_within_the_voices(note_pool, player):
    player.publish(60, steady_note(60))
    small = type(player)(note_pool, n_voices=3)
    small.publish(60, steady_note(60))
    small.post(set_to("unison", 5), on(60), on(62))
    small.take(0.1)
    assert small.counters.n_voices <= 3


def test_a_unison_of_one_is_the_note_itself(note_pool, player):
    other = type(player)(note_pool)
    for one in (player, other):
        one.publish(60, steady_note(60))
    other.post(set_to("unison_detune", 50.0), set_to("unison_spread", 1.0))
    for one in (player, other):
        one.post(on(60))
    np.testing.assert_array_equal(player.take(0.2), other.take(0.2))
