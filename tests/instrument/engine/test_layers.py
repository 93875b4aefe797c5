"""Layers of rendered notes: which of them a strike plays; told apart by what is heard."""

import numpy as np
import pytest

from instrument.engine.layers import (
    N_LAYERS,
    N_SOFTNESSES,
    OWN_LAYER,
    layer_of,
    neighbour_of,
    softness_of,
    strength_of,
)
from instrument.values.events import ControlChange, NoteOff, NoteOn, SetParameter, SetZones
from instrument.values.zones import Zones
from tests.instrument.playing import RATE, brightness_of, levels_db, roughness, steady_note
from tests.signals import hz

KEY, SLIDE = 60, 74
MARKS = {layer: KEY + 2 * layer for layer in range(9)}
"""The pitches of the layers' notes, so that they can be told apart; a real one has its key's."""


def turn(**values):
    return [SetParameter(name=name, value=float(value)) for name, value in values.items()]


def mark(layer):
    return steady_note(MARKS[layer], n_harmonics=1)


def heard(wave):
    """Give the pitch that is loudest in a wave, as a MIDI note."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return round(69 + 12 * np.log2(spectrum.argmax() * RATE / len(wave) / 440.0))


@pytest.fixture
def keys(player):
    """A player whose key has a note in the layers of velocity and of four neighbours."""
    for neighbour in range(3):
        player.publish(KEY, mark(neighbour), layer_of(0, neighbour))
    player.publish(KEY, mark(3), layer_of(1, 0))
    player.publish(KEY, mark(4), layer_of(2, 0))
    player.post(*turn(velocity_level=0, release=0.01, spread=0))
    player.take(0.1)
    return player


def strike(player, velocity=100, seconds=0.25):
    """Play the key, and give what is heard of it: float32 [frame, 2]."""
    player.post(NoteOn(note=KEY, velocity=velocity))
    wave = player.take(seconds)
    player.post(NoteOff(note=KEY))
    player.take(0.3)
    return wave[2048:]


class TestNumbers:
    def test_every_layer_has_a_number_of_its_own(self):
        numbers = [layer_of(s, n) for n in range(9) for s in range(N_SOFTNESSES)]
        assert sorted(numbers) == list(range(OWN_LAYER))
        assert N_LAYERS - OWN_LAYER == 16

    @pytest.mark.parametrize("n", [2, 3, 4])
    def test_harder_strikes_play_layers_that_are_never_softer(self, n):
        played = [softness_of(velocity / 127.0, 0.5, n) for velocity in range(1, 128)]
        assert played == sorted(played, reverse=True)
        assert set(played) == set(range(n))
        counts = np.bincount(played)
        assert counts.max() - counts.min() <= 2

    def test_without_an_amount_velocity_has_one_layer(self):
        assert {softness_of(velocity / 127.0, 0.0, 3) for velocity in range(1, 128)} == {0}

    def test_strikes_take_turns_and_sides_never_meet(self):
        assert [neighbour_of(n, 0.0, 0.0, 3) for n in range(5)] == [0, 1, 2, 0, 1]
        left = {neighbour_of(n, -1.0, 0.5, 4) for n in range(8)}
        right = {neighbour_of(n, 1.0, 0.5, 4) for n in range(8)}
        assert left | right == set(range(1, 9))
        assert not left & right
        assert neighbour_of(3, 0.0, 0.5, 4) == 0

    def test_a_fixed_touch_is_equally_strong_for_all_velocities(self):
        assert strength_of(1, 3) == strength_of(127, 3)


class TestVelocity:
    @pytest.mark.parametrize(("velocity", "layer"), [(127, 0), (86, 0), (60, 3), (42, 4), (1, 4)])
    def test_a_strike_plays_the_layer_of_its_velocity(self, keys, velocity, layer):
        keys.post(*turn(velocity_timbre=0.1, velocity_layers=3))
        assert heard(strike(keys, velocity)[:, 0]) == MARKS[layer]

    def test_without_an_amount_every_strike_plays_the_pads_own_layer(self, keys):
        assert {heard(strike(keys, v)[:, 0]) for v in (1, 60, 127)} == {MARKS[0]}

    def test_touch_says_how_hard_a_strike_is(self, keys):
        keys.post(*turn(velocity_timbre=1, velocity_layers=3, velocity_curve=3))
        assert heard(strike(keys, 1)[:, 0]) == MARKS[0]

    def test_a_layer_that_is_not_there_yet_is_the_pads_own_and_then_cross_faded_to(self, player):
        player.publish(KEY, mark(0))
        player.post(*turn(velocity_timbre=1, velocity_layers=2), NoteOn(note=KEY, velocity=10))
        assert heard(player.take(0.3)[2048:, 0]) == MARKS[0]
        player.publish(KEY, mark(3), layer_of(1, 0))
        player.take(0.1)
        assert heard(player.take(0.3)[:, 0]) == MARKS[3]

    def test_a_key_that_has_only_a_note_of_another_layer_plays_that(self, player):
        player.publish(KEY, mark(3), layer_of(1, 0))
        player.post(NoteOn(note=KEY, velocity=127))
        assert heard(player.take(0.3)[2048:, 0]) == MARKS[3]

    def test_a_note_that_another_channel_slid_to_stands_in_for_nobody(self, player):
        player.publish(KEY, mark(3), OWN_LAYER + 1)
        player.post(NoteOn(note=KEY, velocity=127))
        assert np.abs(player.take(0.2)).max() == 0.0

    def test_two_layers_are_cross_faded_in_phase(self, player):
        player.publish(KEY, steady_note(KEY, phases=None))
        player.post(*turn(velocity_timbre=1, velocity_layers=2), NoteOn(note=KEY, velocity=30))
        before = player.take(0.5)[RATE // 10 :, 0]
        player.publish(KEY, np.roll(steady_note(KEY), 57), layer_of(1, 0))
        wave = player.take(0.5)[:, 0]
        levels = levels_db(wave, KEY)
        assert levels.min() > levels.max() - 0.5
        assert roughness(wave) < 1.1 * roughness(before)


class TestWithdrawnNotes:
    def test_what_sounds_goes_on_until_the_pads_own_layer_gets_a_newer_note(self, keys):
        keys.post(*turn(velocity_timbre=1, velocity_layers=3), NoteOn(note=KEY, velocity=10))
        keys.take(0.1)
        keys.engine.publish(KEY, None, layer_of(2, 0))
        keys.take(0.1)
        assert heard(keys.take(0.2)[:, 0]) == MARKS[4]
        keys.publish(KEY, mark(7))
        keys.take(0.1)
        assert heard(keys.take(0.2)[:, 0]) == MARKS[7]

    def test_slots_of_all_layers_are_in_use(self, player):
        slots = {
            player.publish(KEY, mark(n), layer) for n, layer in enumerate((0, 5, N_LAYERS - 1))
        }
        assert player.engine.slots_in_use() == slots

    @pytest.mark.parametrize("layer", [-1, N_LAYERS])
    def test_a_layer_that_there_is_not_is_refused(self, player, layer):
        with pytest.raises(ValueError, match="layer must be"):
            player.engine.publish(KEY, None, layer)

    def test_layers_with_one_note_in_common_are_not_cross_faded(self, player):
        slot = player.publish(KEY, mark(0))
        player.post(*turn(velocity_timbre=1), NoteOn(note=KEY, velocity=1))
        alone = player.take(0.48)
        player.post(NoteOff(note=KEY))
        player.take(1.0)
        player.post(NoteOn(note=KEY, velocity=1))
        first = player.take(0.24)
        player.engine.publish(KEY, player.note_of(slot, mark(0)), layer_of(2, 0))
        np.testing.assert_array_equal(np.concatenate([first, player.take(0.24)]), alone)


class TestEnsemble:
    def test_left_and_right_read_neighbours_of_their_own(self, keys):
        keys.post(*turn(ensemble=0.5, unison_spread=1))
        wave = strike(keys)
        assert {heard(wave[:, 0]), heard(wave[:, 1])} == {MARKS[1], MARKS[2]}
        assert heard(wave[:, 0]) == MARKS[1]
        assert abs(np.corrcoef(wave.T)[0, 1]) < 0.1

    def test_without_a_width_both_sides_are_equal_and_one_voice_sounds(self, keys):
        keys.post(NoteOn(note=KEY, velocity=100))
        wave = keys.take(0.2)
        np.testing.assert_array_equal(wave[:, 0], wave[:, 1])
        assert keys.counters.n_voices == 1

    def test_strikes_of_a_key_take_turns_and_other_keys_do_not_count(self, keys):
        keys.publish(KEY + 1, np.zeros(RATE, np.float32))
        keys.post(*turn(round_robin=3))
        order = []
        for _ in range(4):
            order.append(heard(strike(keys)[:, 0]))
            keys.post(NoteOn(note=KEY + 1, velocity=100), NoteOff(note=KEY + 1))
        assert order == [MARKS[0], MARKS[1], MARKS[2], MARKS[0]]

    @pytest.mark.parametrize("n", [2, 3, 4, 5])
    def test_a_unison_is_equally_full_on_both_sides(self, keys, n):
        keys.post(*turn(unison=n, unison_spread=1, unison_detune=0))
        keys.post(NoteOn(note=KEY, velocity=100))
        keys.take(0.05)
        voices = keys.engine._machine.voices
        offsets = voices["offset"][voices["gated"] == 1]
        assert len(offsets) == n
        np.testing.assert_allclose(np.sort(offsets), np.sort(-offsets), atol=1e-6)


class TestSlide:
    @pytest.fixture
    def zone(self, keys):
        keys.post(SetZones(zones=Zones(lower=15)), *turn(slide_to=1))
        keys.take(0.05)
        return keys

    def test_a_note_is_cross_faded_to_where_its_own_slide_has_moved_it(self, zone):
        zone.post(NoteOn(note=KEY, velocity=100, channel=1))
        zone.take(0.1)
        zone.publish(KEY, mark(6), OWN_LAYER + 1)
        zone.take(0.1)
        assert heard(zone.take(0.2)[:, 0]) == MARKS[6]

    @pytest.mark.parametrize(("channel", "slide_to"), [(2, 1), (0, 1), (1, 0)])
    def test_nobody_elses_slide_and_none_to_the_filter_moves_a_notes_timbre(
        self, zone, channel, slide_to
    ):
        zone.post(*turn(slide_to=slide_to), NoteOn(note=KEY, velocity=100, channel=channel))
        zone.publish(KEY, mark(6), OWN_LAYER + 1)
        zone.take(0.1)
        assert heard(zone.take(0.2)[:, 0]) == MARKS[0]

    @pytest.mark.parametrize("knob", ["pressure_to", "motion_per"])
    def test_a_note_outside_the_zones_reads_any_layer_of_its_own_that_no_member_has(
        self, keys, knob
    ):
        keys.post(SetZones(zones=Zones(lower=3)), *turn(**{knob: 1}))
        keys.post(NoteOn(note=KEY, velocity=100, channel=9))
        keys.take(0.1)
        keys.publish(KEY, mark(6), OWN_LAYER + 2)  # a member's
        keys.take(0.1)
        assert heard(keys.take(0.2)[:, 0]) == MARKS[0]
        keys.publish(KEY, mark(5), OWN_LAYER + 7)
        keys.take(0.1)
        assert heard(keys.take(0.2)[:, 0]) == MARKS[5]

    def test_a_released_note_keeps_its_timbre_when_its_channel_goes_to_another_note(self, zone):
        zone.publish(KEY, mark(6), OWN_LAYER + 1)
        zone.publish(KEY + 7, np.zeros(RATE, np.float32))
        zone.post(*turn(release=5), NoteOn(note=KEY, velocity=100, channel=1))
        zone.take(0.1)
        zone.post(NoteOff(note=KEY, channel=1), NoteOn(note=KEY + 7, velocity=100, channel=1))
        zone.engine.publish(KEY, None, OWN_LAYER + 1)
        zone.publish(KEY, mark(7))
        zone.take(0.1)
        assert heard(zone.take(0.2)[:, 0]) == MARKS[6]

    @pytest.mark.parametrize(("slide_to", "is_brighter"), [(0, True), (1, False), (2, False)])
    def test_slide_moves_the_filter_only_where_it_moves_no_timbre(
        self, player, slide_to, is_brighter
    ):
        player.publish(KEY, steady_note(KEY))
        player.post(SetZones(zones=Zones(lower=15)), *turn(slide_to=slide_to, cutoff=hz(KEY)))
        player.take(0.1)
        player.post(NoteOn(note=KEY, velocity=100, channel=1))
        before = brightness_of(player.take(0.5)[RATE // 4 :, 0])
        player.post(ControlChange(controller=SLIDE, value=127, channel=1))
        player.take(0.2)
        after = brightness_of(player.take(0.25)[:, 0])
        assert (after > 1.1 * before) == is_brighter
