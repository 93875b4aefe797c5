"""Scores on a pretended synth: voices without a sound, and after each event who holds what."""

import numpy as np
import pytest

from instrument.engine.allocator import (
    begin,
    choose_victim,
    claim,
    lift,
    n_sounding,
    pedal_up,
    release_all,
    silence_key,
    take_all_away,
)
from instrument.engine.envelope import ATTACK, DECAY, IDLE, RELEASE, WAITING
from instrument.engine.voice_record import voice_dtype

RATE = 48000.0
STEAL_BLOCKS, RESTRIKE_BLOCKS, PANIC_BLOCKS = 2, 20, 4


class Synth:
    """Voices, a pedal and a clock, but no sound."""

    def __init__(self, n_voices=4, n_ghosts=4):
        self.voices = np.zeros(n_voices + n_ghosts, voice_dtype)
        self.n_voices = n_voices
        self.pedal = False
        self.stolen = 0

    def on(self, note, velocity=100, channel=0, loudness=0.3):
        silence_key(self.voices, note, channel, RESTRIKE_BLOCKS)
        v, stolen = claim(self.voices, note, channel, velocity, self.n_voices, STEAL_BLOCKS, RATE)
        self.stolen += stolen
        self.voices[v]["loudness"] = loudness
        begin(self.voices[v], 0)
        self.pass_time(0.1)
        return v

    def off(self, note, channel=0):
        lift(self.voices, note, channel, self.pedal)

    def pedal_down(self):
        self.pedal = True

    def pedal_up(self):
        self.pedal = False
        pedal_up(self.voices, 0)

    def pass_time(self, seconds):
        self.voices["age"] += round(seconds * RATE)

    @property
    def sounding(self):
        """The notes that sound and are not just taken away, with how often."""
        held = (self.voices["stage"] != IDLE) & (self.voices["kill_step"] == 0)
        return sorted(self.voices["note"][held].tolist())

    @property
    def gated(self):
        return sorted(self.voices["note"][self.voices["gated"] == 1].tolist())

    @property
    def released(self):
        released = (self.voices["stage"] == RELEASE) & (self.voices["kill_step"] == 0)
        return sorted(self.voices["note"][released].tolist())

    @property
    def taken_away(self):
        return sorted(self.voices["note"][self.voices["kill_step"] > 0].tolist())


def test_a_key_sounds_while_it_is_down_and_is_released_after():
    synth = Synth()
    synth.on(60)
    assert (synth.sounding, synth.gated) == ([60], [60])
    synth.on(64)
    assert (synth.sounding, synth.gated) == ([60, 64], [60, 64])
    synth.off(60)
    assert (synth.sounding, synth.gated, synth.released) == ([60, 64], [64], [60])
    synth.off(64)
    assert (synth.sounding, synth.gated) == ([60, 64], [])


def test_the_pedal_holds_what_was_let_go_and_only_that():
    synth = Synth()
    synth.on(60)
    synth.pedal_down()
    synth.off(60)
    assert (synth.sounding, synth.gated, synth.released) == ([60], [], [])
    synth.on(64)
    synth.pedal_up()
    assert (synth.sounding, synth.gated, synth.released) == ([60, 64], [64], [60])


def test_a_note_struck_again_under_the_pedal_takes_the_place_of_the_old():
    synth = Synth()
    synth.pedal_down()
    for _ in range(5):
        synth.on(60)
        synth.off(60)
        assert (synth.sounding, synth.gated) == ([60], [])
    synth.pedal_up()
    assert (synth.sounding, synth.released, synth.stolen) == ([60], [60], 0)


def test_the_same_note_twice_is_one_note():
    synth = Synth()
    synth.on(60)
    synth.on(60)
    assert (synth.sounding, synth.gated, synth.taken_away) == ([60], [60], [60])
    synth.off(60)
    assert (synth.gated, synth.released) == ([], [60])


def test_the_same_note_on_two_channels_is_two_notes():
    synth = Synth()
    synth.on(60, channel=0)
    synth.on(60, channel=1)
    assert (synth.sounding, synth.gated) == ([60, 60], [60, 60])
    synth.off(60, channel=1)
    assert (synth.gated, synth.released) == ([60], [60])


def test_an_unknown_key_up_changes_nothing():
    synth = Synth()
    synth.on(60)
    synth.off(61)
    synth.off(60, channel=3)
    assert (synth.sounding, synth.gated) == ([60], [60])


def test_no_more_voices_sound_than_may():
    synth = Synth(n_voices=4, n_ghosts=2)
    for note in range(40, 60):
        synth.on(note)
        assert n_sounding(synth.voices) <= 4
        assert note in synth.gated
    assert synth.stolen == 16


def test_a_quiet_released_note_is_stolen_first():
    synth = Synth()
    synth.on(60)
    synth.on(61, loudness=0.001)
    synth.on(62)
    synth.on(63)
    synth.off(60)
    synth.off(61)
    synth.on(64)
    assert (synth.taken_away, synth.gated) == ([61], [62, 63, 64])


def test_the_oldest_released_note_is_stolen_before_any_held_one():
    synth = Synth()
    for note in (60, 61, 62, 63):
        synth.on(note)
    synth.off(62)
    synth.off(61)
    synth.on(64)
    assert (synth.taken_away, synth.gated) == ([61], [60, 63, 64])


def test_a_pedalled_note_is_stolen_before_a_held_one():
    synth = Synth()
    for note in (60, 61, 62, 63):
        synth.on(note)
    synth.pedal_down()
    synth.off(63)
    synth.on(64)
    assert synth.taken_away == [63]


def test_of_held_notes_of_one_age_the_quietest_is_stolen():
    synth = Synth()
    for note, loudness in ((60, 0.5), (61, 0.02), (62, 0.5), (63, 0.5)):
        synth.on(note, loudness=loudness)
    synth.voices["age"] = round(RATE)
    synth.on(64)
    assert synth.taken_away == [61]


def test_of_held_notes_of_one_level_the_oldest_is_stolen():
    synth = Synth()
    for note in (60, 61, 62, 63):
        synth.on(note)
    synth.on(64)
    assert synth.taken_away == [60]


def test_the_hardest_note_just_struck_is_never_stolen():
    synth = Synth()
    for note, velocity in ((60, 40), (61, 127), (62, 40), (63, 40)):
        synth.on(note, velocity=velocity, loudness=0.5 if velocity < 127 else 0.0)
    synth.voices["age"] = 10
    assert synth.voices["note"][choose_victim(synth.voices, RATE)] != 61


def test_a_chord_larger_than_the_synth_keeps_its_last_notes_and_no_ghost_is_lost():
    synth = Synth(n_voices=2, n_ghosts=1)
    for note in (60, 64, 67, 72):
        synth.on(note)
    assert synth.gated == [67, 72]
    assert len(synth.taken_away) == 1


def test_all_notes_off_releases_keys_and_pedalled_notes():
    synth = Synth()
    synth.on(60)
    synth.pedal_down()
    synth.off(60)
    synth.on(64)
    release_all(synth.voices)
    assert (synth.sounding, synth.gated, synth.released) == ([60, 64], [], [60, 64])


def test_panic_takes_everything_away():
    synth = Synth()
    synth.on(60)
    synth.on(64)
    synth.off(64)
    take_all_away(synth.voices, PANIC_BLOCKS)
    assert (synth.sounding, synth.gated, synth.taken_away) == ([], [], [60, 64])


def test_panic_drops_what_still_waits_for_its_note():
    synth = Synth()
    claim(synth.voices, 60, 0, 100, 4, STEAL_BLOCKS, RATE)
    assert synth.voices["stage"][0] == WAITING
    take_all_away(synth.voices, PANIC_BLOCKS)
    assert synth.voices["stage"][0] == IDLE


def test_a_note_that_came_after_its_key_went_up_is_held_as_long_as_the_key_was():
    synth = Synth()
    claim(synth.voices, 60, 0, 100, 4, STEAL_BLOCKS, RATE)
    voice = synth.voices[0]
    voice["age"], voice["silent"] = 9600, 2400
    synth.off(60)
    begin(voice, 64)
    assert (voice["stage"], voice["hold"]) == (ATTACK, 7200)


@pytest.mark.parametrize("stage", [ATTACK, DECAY, RELEASE])
def test_a_new_note_starts_from_nothing(stage):
    synth = Synth(n_voices=1, n_ghosts=0)
    synth.voices[0]["stage"] = stage
    synth.voices[0]["kill_step"] = 0.5
    synth.voices[0]["level"] = 0.7
    v = synth.on(60)
    assert synth.voices[v]["level"] == 0.0
    assert synth.voices[v]["kill_step"] == 0.0
