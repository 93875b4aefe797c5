"""MPE: each note's own bend, pressure and slide, and the master's for all; by what is heard."""

import numpy as np
import pytest

from instrument.values.events import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    SetParameter,
    SetZones,
)
from instrument.values.zones import Zones, master_of
from tests.instrument.playing import (
    RATE,
    brightness_of,
    level_db,
    pitch_of,
    pitches_of,
    roughness,
    steady_note,
)

SLIDE, SUSTAIN, EXPRESSION = 74, 64, 11
LOWER = SetZones(zones=Zones(lower=15))


def on(note, channel, velocity=127):
    return NoteOn(note=note, velocity=velocity, channel=channel)


def off(note, channel):
    return NoteOff(note=note, channel=channel)


def bend(semitones, channel, bend_range=48.0):
    return PitchBend(value=semitones / bend_range, channel=channel)


def control(number, value, channel):
    return ControlChange(controller=number, value=value, channel=channel)


@pytest.fixture
def keys(player):
    for note in range(60, 85, 3):
        player.publish(note, steady_note(note, n_harmonics=1))
    player.post(LOWER, SetParameter(name="volume", value=-12.0))
    player.take(0.2)
    return player


class TestZones:
    @pytest.mark.parametrize(
        ("messages", "zones"),
        [
            ([(0, 15)], (15, 0)),
            ([(15, 15)], (0, 15)),
            ([(0, 7), (15, 7)], (7, 7)),
            ([(0, 10), (15, 7)], (7, 7)),
            ([(0, 4), (15, 14)], (0, 14)),
            ([(15, 5), (0, 15)], (15, 0)),
            ([(0, 5), (0, 0)], (0, 0)),
            ([(0, 5), (3, 4)], (5, 0)),
            ([(0, 99)], (15, 0)),
        ],
    )
    def test_the_newer_zone_takes_what_it_needs(self, messages, zones):
        laid = Zones()
        for master, n_members in messages:
            laid = laid.configured(master, n_members)
        assert (laid.lower, laid.upper) == zones

    def test_each_channel_has_its_master(self):
        assert [master_of(c, 3, 4) for c in range(16)] == [
            *(0, 0, 0, 0),
            *(4, 5, 6, 7, 8, 9, 10),
            *(15, 15, 15, 15, 15),
        ]

    def test_without_zones_every_channel_is_its_own(self):
        assert [master_of(c, 0, 0) for c in range(16)] == list(range(16))
        assert not any(Zones().is_member(c) for c in range(16))


def test_a_note_bends_alone_over_four_octaves(keys):
    keys.post(on(60, 1), on(72, 2), bend(12.0, 1), control(EXPRESSION, 0, 2))
    keys.take(0.6)
    assert pitch_of(keys.take(0.5)[:, 0]) == pytest.approx(72.0, abs=0.01)
    keys.post(control(EXPRESSION, 127, 2), control(EXPRESSION, 0, 1))
    keys.take(0.6)
    assert pitch_of(keys.take(0.5)[:, 0]) == pytest.approx(72.0, abs=0.01)


def test_the_master_bends_all_by_its_own_range(keys):
    keys.post(on(72, 3), bend(1.0, 3), PitchBend(value=1.0, channel=0))
    keys.take(0.3)
    assert pitch_of(keys.take(0.5)[:, 0]) == pytest.approx(75.0, abs=0.01)


def test_the_range_of_a_notes_bend_can_be_set(keys):
    keys.post(SetParameter(name="mpe_bend_range", value=24.0), on(60, 1), bend(6.0, 1, 24.0))
    keys.take(0.5)
    assert pitch_of(keys.take(0.5)[:, 0]) == pytest.approx(66.0, abs=0.01)


def test_a_long_bend_goes_over_to_nearer_notes_without_a_jump_or_a_dip(keys):
    keys.post(on(60, 1))
    start = keys.take(0.3)
    waves = []
    for step in range(1, 241):  # two octaves in 1.3 seconds
        keys.post(bend(step / 10, 1))
        waves.append(keys.take(0.0054))
    wave = np.concatenate(waves)[:, 0]
    assert keys.engine._machine.voices["note"][0] == 84
    levels = [level_db(part) for part in np.array_split(wave, 60)]
    assert min(levels) > level_db(start[9600:, 0]) - 1.5  # spread pans it a little
    pitches = pitches_of(wave)[4800:-4800]
    assert np.abs(pitches[480:] - pitches[:-480]).max() < 0.5  # 10 ms; the bend makes 0.18
    assert roughness(wave) < 1.3 * roughness(keys.take(0.2)[:, 0])


def test_slide_moves_the_brightness_of_its_own_note(keys):
    keys.publish(60, steady_note(60))
    keys.post(SetParameter(name="cutoff", value=700.0), on(60, 1))
    keys.take(0.3)
    heard = {}
    for value, channel in ((64, 1), (127, 2), (0, 1), (127, 1)):
        keys.post(control(SLIDE, value, channel))
        heard[value, channel] = brightness_of(keys.take(0.4)[-9600:, 0])
    assert heard[127, 2] == pytest.approx(heard[64, 1], rel=0.01)
    assert heard[0, 1] < 0.85 * heard[64, 1]
    assert heard[127, 1] > 1.3 * heard[64, 1]


def test_a_notes_own_pressure_adds_no_vibrato_but_the_masters_does(keys):
    keys.post(on(81, 1), ChannelPressure(value=127, channel=1))
    keys.take(0.3)
    assert np.ptp(pitches_of(keys.take(1.0)[:, 0])[4800:-4800]) < 0.01
    keys.post(ChannelPressure(value=127, channel=0))
    keys.take(0.3)
    assert np.ptp(pitches_of(keys.take(1.0)[:, 0])[4800:-4800]) > 0.5


def test_a_notes_own_pressure_can_carry_its_level(keys):
    keys.post(SetParameter(name="pressure_level", value=1.0))
    keys.take(0.2)
    keys.post(ChannelPressure(value=127, channel=1), on(72, 1), on(60, 2))
    keys.take(0.2)
    assert pitch_of(keys.take(0.5)[:, 0]) == pytest.approx(72.0, abs=0.01)


def test_the_masters_pedal_holds_every_note_of_its_zone(keys):
    keys.post(control(SUSTAIN, 127, 0), on(60, 1), on(66, 2))
    keys.take(0.1)
    keys.post(off(60, 1), off(66, 2))
    keys.take(0.6)
    assert keys.counters.n_voices == 2
    keys.post(control(SUSTAIN, 0, 0))
    keys.take(0.6)
    assert keys.counters.n_voices == 0


def test_a_zone_leaves_the_channels_of_the_other_alone(keys):
    keys.post(SetZones(zones=Zones(7, 7)), control(SUSTAIN, 127, 0), on(60, 8), on(66, 1))
    keys.take(0.1)
    keys.post(off(60, 8), off(66, 1))
    keys.take(0.6)
    assert keys.counters.n_voices == 1


def test_a_note_begins_bent_and_does_not_glide_there(keys):
    keys.post(on(60, 1))
    keys.take(0.1)
    keys.post(off(60, 1))
    keys.take(0.8)
    keys.post(bend(3.0, 1), on(72, 1))
    keys.take(64 / RATE)
    voices = keys.engine._machine.voices
    assert voices["bend"][voices["key"] == 72] == pytest.approx(3.0)
    assert pitch_of(keys.take(0.3)[:, 0]) == pytest.approx(75.0, abs=0.01)


def test_the_release_of_a_note_keeps_its_bend_when_its_channel_is_given_away(keys):
    keys.post(SetParameter(name="release", value=5.0), on(60, 1), bend(2.0, 1))
    keys.take(0.3)
    keys.post(off(60, 1), control(EXPRESSION, 0, 1), bend(-10.0, 1), on(72, 1))
    keys.take(0.1)
    assert pitch_of(keys.take(0.5)[:, 0]) == pytest.approx(62.0, abs=0.01)


def test_laying_zones_lets_every_key_go(keys):
    keys.post(on(60, 1), on(66, 2), control(SUSTAIN, 127, 0), off(60, 1))
    keys.take(0.1)
    keys.post(SetZones(zones=Zones()))
    keys.take(0.6)
    assert not keys.take(0.1).any()


@pytest.mark.parametrize("lower", [-1, 16])
def test_impossible_zones_are_refused(player, lower):
    with pytest.raises(ValueError, match=r"lower must be 0\.\.15"):
        player.engine.post(SetZones(zones=Zones(lower, 0)))
