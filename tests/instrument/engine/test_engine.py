import ctypes
import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instrument.engine.engine import Engine
from instrument.engine.envelope import BLOCK
from instrument.engine.pool import NoteInfo, NotePool
from instrument.engine.ring import RING_SIZE
from instrument.values.events import (
    AllNotesOff,
    ControlChange,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SetParameter,
)
from instrument.values.parameters import BY_NAME, PARAMETERS
from tests.instrument.playing import (
    RATE,
    Player,
    level_db,
    levels_db,
    roughness,
    steady_note,
)
from tests.signals import harmonic_note, hz

PEDAL_DOWN = ControlChange(controller=64, value=127)
PEDAL_UP = ControlChange(controller=64, value=0)


def set_to(name, value):
    return SetParameter(name=name, value=value)


def on(note, velocity=127, channel=0):
    return NoteOn(note=note, velocity=velocity, channel=channel)


def off(note, channel=0):
    return NoteOff(note=note, channel=channel)


def pitch_of(wave):
    """Give the strongest frequency of a wave, in Hz."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 8 * len(wave)))
    return np.argmax(spectrum) * RATE / (8 * len(wave))


def play_a_piece(player, block):
    """Play events at fixed frames through calls of one block size: float32 [frame, 2]."""
    player.publish(60, steady_note(60), loop_start=4000, loop_end=100000, loop_gain=0.99)
    player.publish(67, harmonic_note(67, 2.0, RATE))
    score = {
        0: [set_to("cutoff", 3000.0), set_to("resonance", 0.4), on(60, 100)],
        3000: [on(67, 80), set_to("vibrato_depth", 30.0), PitchBend(value=0.5)],
        9000: [set_to("pan", -0.7), off(60), on(72, 60)],
        14000: [set_to("cutoff", 20000.0), set_to("resonance", 0.0), Panic()],
        15000: [on(60, 127)],
    }
    out = np.zeros((20000, 2), np.float32)
    cuts = sorted(score)
    for start, end in zip(cuts, [*cuts[1:], len(out)], strict=True):
        player.post(*score[start])
        for first in range(start, end, block):
            player.engine.process(out[first : min(first + block, end)])
    return out


@pytest.fixture(scope="module")
def piece_in_one_go():
    pool = NotePool(24, 4 * RATE)
    yield play_a_piece(Player(pool), 20000)
    pool.close()


@pytest.mark.parametrize("block", [1, 7, 64, 100, 512])
def test_block_size_does_not_change_a_bit(player, piece_in_one_go, block):
    assert level_db(piece_in_one_go) > -40
    np.testing.assert_array_equal(play_a_piece(player, block), piece_in_one_go)


def test_the_same_events_give_the_same_sound(note_pool):
    first, second = (play_a_piece(Player(note_pool), 256) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_without_events_there_is_silence(player):
    assert not player.take(0.1).any()


@pytest.mark.parametrize(
    "out",
    [np.zeros((64, 2)), np.zeros((64, 1), np.float32), np.zeros(64, np.float32)],
    ids=["float64", "mono", "flat"],
)
def test_a_block_of_the_wrong_kind_is_refused(player, out):
    with pytest.raises(ValueError, match=r"out must be float32 \[frame, 2\]"):
        player.engine.process(out)


def test_a_block_with_gaps_is_refused(player):
    with pytest.raises(ValueError, match="C-contiguous"):
        player.engine.process(np.zeros((128, 4), np.float32)[:, ::2])


def test_a_note_sounds_with_its_pitch(player):
    player.publish(69, steady_note(69))
    player.post(on(69))
    assert pitch_of(player.take(0.5)[:, 0]) == pytest.approx(440.0, abs=0.5)


def test_a_released_voice_falls_silent_and_is_free_again(player):
    player.publish(60, steady_note(60))
    player.post(on(60))
    player.take(0.2)
    assert player.counters.n_voices == 1
    player.post(off(60))
    player.take(0.4)
    assert not player.take(0.1).any()
    assert player.counters.n_voices == 0


def test_the_pedal_holds_a_note_and_lets_it_go(player):
    player.publish(60, steady_note(60))
    player.post(PEDAL_DOWN, on(60))
    player.take(0.1)
    player.post(off(60))
    held = player.take(0.8)
    assert level_db(held[-4800:]) == pytest.approx(level_db(held[:4800]), abs=0.1)
    player.post(PEDAL_UP)
    player.take(0.5)
    assert not player.take(0.1).any()


def test_a_looped_note_sounds_as_long_as_it_is_held(player):
    wave = steady_note(69, 1.0)  # 440 Hz: 1200 frames are 11 periods
    player.publish(69, wave, loop_start=12000, loop_end=36000)
    player.post(on(69))
    start = player.take(0.5)
    player.take(8.0)
    late = player.take(0.5)
    assert level_db(late) == pytest.approx(level_db(start), abs=0.1)
    assert roughness(late) < 1.05 * roughness(start[4800:])


def test_a_note_that_ends_by_itself_frees_its_voice_while_the_key_is_down(player):
    player.publish(60, steady_note(60, 0.3))
    player.post(on(60))
    player.take(0.35)
    assert not player.take(0.1).any()
    player.engine.publish(60, None)
    player.take(1.1)
    assert player.engine.slots_in_use() == set()


def test_velocity_makes_a_note_louder(player):
    player.publish(60, steady_note(60))
    levels = []
    for velocity in (20, 64, 127):
        player.post(on(60, velocity))
        levels.append(level_db(player.take(0.2)[4800:]))
        player.post(Panic())
        player.take(0.1)
    assert levels[0] < levels[1] - 5 < levels[2] - 10


def test_without_dynamics_every_velocity_is_equally_loud(player):
    player.publish(60, steady_note(60))
    player.post(set_to("velocity_level", 0.0))
    player.take(0.3)
    levels = []
    for velocity in (1, 127):
        player.post(on(60, velocity))
        levels.append(level_db(player.take(0.2)))
        player.post(Panic())
        player.take(0.1)
    assert levels[0] == pytest.approx(levels[1], abs=0.05)


def test_a_notes_own_gain_counts(player):
    wave = steady_note(60)
    player.publish(60, wave)
    player.publish(72, wave, gain=0.5)
    player.post(set_to("spread", 0.0))
    player.take(0.2)
    player.post(on(60))
    full = level_db(player.take(0.2))
    player.post(Panic())
    player.take(0.1)
    player.post(on(72))
    assert level_db(player.take(0.2)) == pytest.approx(full - 6.02, abs=0.1)


def test_panic_is_silent_within_10_ms(player):
    for note in (50, 55, 60, 64):
        player.publish(note, steady_note(note))
        player.post(on(note))
    player.post(PEDAL_DOWN)
    before = player.take(0.3)
    player.engine.test_tone()
    player.post(Panic())
    faded = player.take(0.010)
    assert not player.take(0.1).any()
    assert roughness(np.concatenate([before, faded])[9600:]) < 1.2 * roughness(before[9600:])


def test_after_panic_the_pedal_is_up_and_notes_play_on(player):
    player.publish(60, steady_note(60))
    player.post(PEDAL_DOWN, on(60))
    player.take(0.1)
    player.post(Panic(), on(60), off(60))
    player.take(0.6)
    assert not player.take(0.1).any()


def test_all_notes_off_releases_as_usual(player):
    player.publish(60, steady_note(60))
    player.post(PEDAL_DOWN, on(60))
    player.take(0.2)
    player.post(AllNotesOff())
    falling = player.take(0.1)
    assert -30 < level_db(falling[-960:]) - level_db(falling[:960]) < -8
    player.take(0.4)
    assert not player.take(0.1).any()


def test_the_same_note_twice_ends_with_one_key_up(player):
    player.publish(60, steady_note(60))
    player.post(on(60))
    player.take(0.1)
    player.post(on(60))
    player.take(0.1)
    assert player.counters.n_voices == 1
    player.post(off(60))
    player.take(0.5)
    assert not player.take(0.1).any()


def test_two_channels_hold_a_note_each(player):
    player.publish(60, steady_note(60))
    player.post(on(60, channel=0), on(60, channel=1))
    player.take(0.1)
    player.post(off(60, channel=0))
    player.take(0.5)
    assert player.counters.n_voices == 1


def test_a_stolen_voice_makes_no_click(note_pool):
    player = Player(note_pool, n_voices=1)
    player.publish(48, steady_note(48))
    player.publish(60, np.zeros(RATE, np.float32))  # so that only the stolen one is heard
    player.post(on(48))
    before = player.take(0.3013)
    player.post(on(60))
    after = player.take(0.05)
    assert player.counters.stolen == 1
    assert not after[round(0.004 * RATE) :].any()
    assert roughness(np.concatenate([before, after])[4800:]) < 1.2 * roughness(before[4800:])


def test_more_keys_than_voices_keep_the_newest(note_pool):
    player = Player(note_pool, n_voices=8)
    for note in range(48, 60):
        player.publish(note, steady_note(note, 2.0))
    for note in range(48, 60):
        player.post(on(note))
        player.take(0.1)
    assert player.counters.n_voices == 8
    assert player.counters.stolen == 4
    assert set(player.engine._machine.voices["note"][:13]) >= set(range(52, 60))


@pytest.mark.parametrize("n_voices", [1, 64, 256])
def test_a_storm_of_notes_stays_within_the_voices(note_pool, n_voices):
    player = Player(note_pool, n_voices=n_voices)
    for note in (40, 60, 80):
        player.publish(note, steady_note(note))
    for velocity in range(1, 6):
        player.post(
            *(on(note, velocity * 20, channel) for note in range(30, 90) for channel in range(8))
        )
        assert np.abs(player.take(0.01)).max() <= 1.0
        assert player.counters.n_voices <= n_voices


@pytest.mark.parametrize(
    ("event", "cents"),
    [
        (PitchBend(value=1.0), 200),
        (PitchBend(value=-0.5), -100),
        (set_to("tune", 37.0), 37),
    ],
)
def test_bend_and_tune_move_the_pitch(player, event, cents):
    player.publish(69, steady_note(69))
    player.post(event, on(69))
    player.take(0.2)
    heard = 1200 * np.log2(pitch_of(player.take(1.0)[:, 0]) / 440.0)
    assert heard == pytest.approx(cents, abs=1.0)


def test_a_bend_bends_its_own_channel_only(player):
    player.publish(69, steady_note(69))
    player.post(PitchBend(value=1.0, channel=3), on(69, channel=2))
    player.take(0.2)
    assert pitch_of(player.take(0.5)[:, 0]) == pytest.approx(440.0, abs=0.5)


def test_vibrato_swings_by_its_depth_at_its_rate(player):
    player.publish(81, steady_note(81, n_harmonics=1))
    player.post(set_to("vibrato_depth", 50.0), set_to("vibrato_rate", 5.0), on(81))
    player.take(0.3)
    wave = player.take(1.0)[:, 0].astype(float)
    turn = np.diff(np.unwrap(np.angle(_analytic(wave))))[2400:-2400] * RATE / (2 * np.pi)
    cents = 1200 * np.log2(turn / 880.0)
    assert cents.max() == pytest.approx(50, abs=4)
    assert cents.min() == pytest.approx(-50, abs=4)
    swing = np.abs(np.fft.rfft(cents * np.hanning(len(cents)), 20 * RATE))
    assert np.argmax(swing) / 20 == pytest.approx(5.0, abs=0.2)


def _analytic(wave):
    spectrum = np.fft.fft(wave)
    spectrum[len(wave) // 2 :] = 0
    return np.fft.ifft(2 * spectrum)


def test_pan_and_spread_place_a_note(player):
    player.publish(96, steady_note(96))
    player.post(set_to("pan", -1.0), set_to("spread", 0.0))
    player.take(0.3)
    player.post(on(96))
    left = player.take(0.2)
    assert level_db(left[:, 1]) < level_db(left[:, 0]) - 60
    player.post(set_to("pan", 0.0), set_to("spread", 1.0))
    player.take(0.3)
    right = player.take(0.1)
    assert level_db(right[:, 0]) < level_db(right[:, 1]) - 60


def test_panning_keeps_the_power(player):
    player.publish(60, steady_note(60))
    player.post(set_to("spread", 0.0), on(60))
    player.take(0.2)
    centre = level_db(player.take(0.1))
    player.post(set_to("pan", 0.6))
    player.take(0.2)
    assert level_db(player.take(0.1)) == pytest.approx(centre, abs=0.1)


def test_the_filter_kills_what_is_above_its_cutoff(player):
    player.publish(60, steady_note(60, n_harmonics=40))
    player.post(set_to("cutoff", 500.0), on(60))
    player.take(0.2)
    wave = player.take(0.5)[:, 0]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    first, tenth = (spectrum[round(n * hz(60) * len(wave) / RATE)] for n in (1, 10))
    assert 20 * np.log10(tenth / first) < -20 - 25  # harmonic 10 alone is 20 dB down


def test_key_tracking_and_velocity_move_the_cutoff(player):
    player.publish(84, steady_note(84))
    levels = {}
    for name, value, velocity in (
        ("plain", 0.0, 127),
        ("key_tracking", 1.0, 127),
        ("velocity_cutoff", 1.0, 40),
    ):
        player.post(set_to("velocity_level", 0.0), set_to("cutoff", 1000.0))
        player.post(set_to("key_tracking", 0.0), set_to("velocity_cutoff", 0.0))
        if name != "plain":
            player.post(set_to(name, value))
        player.take(0.4)
        player.post(on(84, velocity))
        levels[name] = level_db(player.take(0.3)[4800:])
        player.post(Panic())
        player.take(0.1)
    assert levels["key_tracking"] > levels["plain"] + 2
    assert levels["velocity_cutoff"] < levels["plain"] - 10


def test_opening_and_closing_the_filter_makes_no_click(player):
    player.publish(45, steady_note(45, n_harmonics=3))
    player.post(on(45))
    open_wave = player.take(0.3)[4800:]
    sweep = []
    for cutoff in (19000.0, 20000.0, 15000.0, 20000.0, 19999.0, 20000.0):
        player.post(set_to("cutoff", cutoff))
        sweep.append(player.take(0.1))
    assert roughness(np.concatenate(sweep)) < 1.1 * roughness(open_wave)


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.name)
def test_a_parameter_that_jumps_makes_no_click(player, row):
    player.publish(45, steady_note(45, n_harmonics=2, level=0.3))
    player.post(on(45, 90))
    player.take(0.2)
    waves = []
    for value in (row.minimum, row.maximum, row.default):
        player.post(set_to(row.name, value))
        waves.append(player.take(0.15))
    loudest = 10.0 if row.name in ("resonance", "volume") else 3.0
    reference = roughness(steady_note(45, 0.1, n_harmonics=2, level=0.3) / np.sqrt(2))
    assert roughness(np.concatenate(waves)) < loudest * reference


def test_the_bottom_of_the_volume_is_silence(player):
    player.publish(60, steady_note(60))
    player.post(set_to("volume", -60.0), on(60))
    player.take(0.5)
    assert not player.take(0.1).any()


def test_volume_is_in_decibels(player):
    player.publish(60, steady_note(60, level=0.1))
    levels = []
    for volume in (-12.0, 0.0):
        player.post(set_to("volume", volume), on(60))
        player.take(0.3)
        levels.append(level_db(player.take(0.1)))
    assert levels[1] - levels[0] == pytest.approx(12.0, abs=0.05)


def test_a_value_out_of_range_is_brought_into_it(player):
    player.publish(60, steady_note(60))
    player.post(set_to("sustain", 55.0), set_to("volume", 200.0), on(60))
    assert np.abs(player.take(0.5)).max() <= 1.0


def test_sustain_is_the_level_that_the_decay_ends_at(player):
    player.publish(60, steady_note(60))
    player.post(set_to("sustain", 0.1), set_to("decay", 0.2), on(60))
    wave = player.take(0.5)
    peak = level_db(wave[120:480])
    assert level_db(wave[-4800:]) == pytest.approx(peak - 20, abs=1.5)


@pytest.mark.parametrize("note", [36, 48, 60, 72, 84])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_cross_fade_between_equal_timbres_dips_less_than_half_a_decibel(player, note, share):
    wave = steady_note(note, phases=2)
    shift = round(share * RATE / hz(note))
    player.publish(note, wave)
    player.post(on(note))
    player.take(0.3)
    player.publish(note, np.roll(wave, shift))
    levels = levels_db(player.take(0.4)[:, 0], note)
    assert levels.max() - levels.min() < 0.5
    assert player.engine._machine.readers["slot"].max() == 2


@pytest.mark.parametrize("note", [36, 60, 84])
@pytest.mark.parametrize("cents", [0, 7])
@pytest.mark.parametrize("phases", range(4))
def test_a_cross_fade_to_another_timbre_does_not_cancel(player, note, cents, phases):
    old, new = steady_note(note, phases=9), steady_note(note + cents / 100, phases=phases)
    player.publish(note, old)
    player.post(on(note))
    player.take(0.3)
    player.publish(note, new * np.float32(np.std(old) / np.std(new)))
    levels = levels_db(player.take(0.4)[:, 0], note)
    assert levels.min() - levels[0] > -1.5
    assert levels.max() - levels[0] < 1.5


def test_a_cross_fade_is_soon_over_and_makes_no_click(player):
    low, high = steady_note(60, n_harmonics=1), steady_note(60, phases=4, n_harmonics=6)
    player.publish(60, low)
    player.post(on(60))
    player.take(0.3)
    player.publish(60, high)
    wave = player.take(0.3)
    assert roughness(wave) < 1.1 * roughness(wave[-4800:])
    assert player.engine.slots_in_use() == {2}


def test_a_later_note_is_taken_at_the_same_moment(player):
    """Two notes that fall alike: the level goes on falling, and does not start again."""
    wave = harmonic_note(60, 3.0, RATE, decay_seconds=0.3)
    player.publish(60, wave)
    player.post(on(60))
    first = player.take(0.6)
    player.publish(60, wave)
    then = player.take(0.3)
    expected = 20 * np.log10(np.exp(-0.3 / 0.3))
    assert level_db(then[-4800:]) - level_db(first[-4800:]) == pytest.approx(expected, abs=0.5)


def test_a_chord_follows_the_pad_one_voice_a_block(player):
    notes = [48, 52, 55, 60, 64, 67]
    for note in notes:
        player.publish(note, steady_note(note))
        player.post(on(note))
    player.take(0.3)
    for note in notes:
        player.publish(note, steady_note(note, phases=1))
    player.take(64 / RATE)
    assert player.engine._machine.voices["fading"].sum() == 1
    player.take(0.1)
    assert player.engine.slots_in_use() == {7, 8, 9, 10, 11, 12}


def test_of_notes_published_quickly_the_last_one_stays(player):
    player.publish(60, steady_note(60))
    player.post(on(60))
    player.take(0.2)
    for seed in range(5):
        player.publish(60, steady_note(60, phases=seed))
        player.take(0.005)
    player.take(0.3)
    assert player.engine.slots_in_use() == {6}


def test_a_key_without_a_note_plays_its_neighbours_at_its_own_pitch(player):
    player.publish(60, steady_note(60))
    player.post(on(65))
    assert pitch_of(player.take(0.5)[:, 0]) == pytest.approx(hz(65), rel=1e-3)


def test_a_stand_in_is_cross_faded_to_the_keys_own_note(player):
    player.publish(60, steady_note(60))
    player.post(on(65))
    player.take(0.3)
    own = player.publish(65, steady_note(65))
    levels = levels_db(player.take(0.4)[:, 0], 65)
    assert levels.max() - levels.min() < 0.7
    assert own in set(player.engine._machine.readers["slot"].ravel())
    assert pitch_of(player.take(0.5)[:, 0]) == pytest.approx(hz(65), rel=1e-3)


def test_a_note_too_far_away_does_not_stand_in(player):
    player.publish(60, steady_note(60))
    player.post(on(73))
    assert not player.take(0.1).any()


def test_a_held_key_sounds_when_its_note_comes(player):
    player.post(on(60))
    assert not player.take(0.5).any()
    player.publish(60, steady_note(60))
    assert level_db(player.take(0.2)) > -40


def test_a_key_let_go_still_sounds_when_its_note_comes_soon(player):
    player.post(on(60))
    player.take(0.1)
    player.post(off(60))
    player.take(0.2)
    player.publish(60, steady_note(60))
    assert level_db(player.take(0.09)) > -40
    player.take(0.5)
    assert not player.take(0.1).any()


def test_a_key_let_go_is_dropped_when_its_note_comes_late(player):
    player.post(on(60), off(60))
    player.take(0.3)
    player.publish(60, steady_note(60))
    assert not player.take(0.3).any()


def test_the_whole_note_follows_its_first_part_unheard(player):
    wave = steady_note(60)
    player.publish(60, wave[: round(0.6 * RATE)])
    player.post(on(60))
    player.take(0.4)
    player.publish(60, wave, loop_start=12000, loop_end=12000 + 128 * 1101)
    after = player.take(1.0)[:, 0]
    levels = levels_db(after, 60)
    assert levels.max() - levels.min() < 0.2


def test_a_first_part_without_the_rest_ends_without_a_click(player):
    wave = steady_note(60)
    player.publish(60, wave[: round(0.6 * RATE)])
    player.post(on(60))
    out = player.take(0.8)
    assert roughness(out[4800:]) < 1.2 * roughness(out[4800:9600])
    assert not out[round(0.6 * RATE) :].any()


def test_the_rest_of_a_note_that_comes_late_still_sounds(player):
    wave = steady_note(60)
    player.publish(60, wave[: round(0.6 * RATE)])
    player.post(on(60))
    before = player.take(0.8)
    player.publish(60, wave)
    after = player.take(0.5)
    assert level_db(after[-9600:]) > -40
    assert roughness(after) < 1.2 * roughness(before[4800:9600])


def test_a_first_part_of_another_timbre_does_not_cut_a_note_that_is_past_it(player):
    player.publish(60, steady_note(60))
    player.post(on(60))
    player.take(1.0)
    player.publish(60, steady_note(60, 0.6, phases=1))
    levels = levels_db(player.take(0.5)[:, 0], 60)
    assert levels.max() - levels.min() < 0.2


def test_a_note_taken_away_sounds_on_until_its_key_goes_up(player):
    player.publish(60, steady_note(60))
    player.post(on(60))
    player.take(0.2)
    player.engine.publish(60, None)
    assert level_db(player.take(0.2)) > -40
    assert player.engine.slots_in_use() == {1}
    player.post(off(60))
    player.take(0.6)
    assert player.engine.slots_in_use() == set()
    player.post(on(60))
    assert not player.take(0.1).any()


def test_a_broken_note_is_silenced_and_counted(player):
    player.publish(60, np.full(RATE, np.nan, np.float32))
    player.publish(84, steady_note(84))
    player.post(on(60), on(84))
    out = player.take(0.3)
    assert np.isfinite(out).all()
    assert level_db(out) > -40
    assert player.counters.broken == 1
    player.post(on(60))
    assert np.isfinite(player.take(0.1)).all()


@st.composite
def events(draw):
    kind = draw(
        st.sampled_from(["on", "on", "on", "off", "pedal", "bend", "set", "all", "panic", "tone"])
    )
    note, channel = draw(st.integers(0, 127)), draw(st.integers(0, 1))
    if kind == "on":
        return on(note, draw(st.integers(1, 127)), channel)
    if kind == "off":
        return off(note, channel)
    if kind == "pedal":
        return ControlChange(controller=64, value=draw(st.integers(0, 127)), channel=channel)
    if kind == "bend":
        return PitchBend(value=draw(st.floats(-1, 1)), channel=channel)
    if kind == "set":
        row = draw(st.sampled_from(PARAMETERS))
        return set_to(row.name, row.from_position(draw(st.floats(0, 1))))
    return {"all": AllNotesOff(), "panic": Panic(), "tone": "tone"}[kind]


@pytest.fixture(scope="module")
def wild_pool():
    pool = NotePool(8, 2 * RATE)
    pool.write(1, steady_note(40, 2.0))
    pool.write(2, harmonic_note(52, 1.2, RATE))
    pool.write(3, np.random.default_rng(0).uniform(-1, 1, 20).astype(np.float32))
    pool.write(4, steady_note(76, 0.6, phases=1))
    pool.write(5, np.full(2 * RATE, 1.0, np.float32))
    yield pool
    pool.close()


NOTES = [
    None,
    NoteInfo(1, 2 * RATE, 1000, 90000, 0.97),
    NoteInfo(2, RATE),
    NoteInfo(3, 20),
    NoteInfo(3, 20, 2, 19, 1.0),
    NoteInfo(4, 28000, gain=3.0),
    NoteInfo(5, 2 * RATE, 0, 16),
]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    score=st.lists(
        st.tuples(
            st.lists(events(), max_size=12),
            st.lists(st.tuples(st.integers(30, 90), st.sampled_from(NOTES)), max_size=6),
            st.integers(1, 3000),
        ),
        max_size=12,
    )
)
def test_whatever_is_played_stays_finite_and_below_full_scale_and_ends_in_silence(wild_pool, score):
    engine = Engine(RATE, wild_pool, n_voices=8)
    engine.publish(60, NOTES[1])
    for happenings, published, n_frames in score:
        for pitch, note in published:
            engine.publish(pitch, note)
        for event in happenings:
            if event == "tone":
                engine.test_tone()
            else:
                engine.post(event)
        out = np.full((n_frames, 2), np.nan, np.float32)
        engine.process(out)
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= 1.0
        assert engine.counters().n_voices <= 8
    engine.post(set_to("release", 0.3))
    for tail in ("delay_mix", "reverb_mix"):  # either may ring for minutes
        engine.post(set_to(tail, 0.0))
    for channel in range(2):
        engine.post(ControlChange(controller=64, value=0, channel=channel))
    engine.post(AllNotesOff())
    engine.process(np.zeros((2 * RATE, 2), np.float32))
    out = np.full((4800, 2), np.nan, np.float32)
    engine.process(out)
    assert not out.any()


def test_a_full_ring_loses_events_and_counts_them(player):
    player.publish(60, steady_note(60))
    answers = [player.engine.post(off(1)) for _ in range(RING_SIZE + 5)]
    assert [bool(answer) for answer in answers] == [True] * RING_SIZE + [False] * 5
    assert player.counters.dropped_events == 5
    player.take(0.01)
    assert player.engine.post(on(60))
    assert level_db(player.take(0.1)) > -60


def test_parameters_and_notes_need_no_room_in_the_ring(player):
    for _ in range(RING_SIZE):
        player.engine.post(off(1))
    assert player.engine.post(set_to("volume", 0.0))
    assert player.publish(60, steady_note(60))


def test_events_from_many_threads_all_arrive(player):
    for note in range(40, 60):
        player.publish(note, steady_note(note, 0.5))

    def play(first):
        for note in range(first, first + 5):
            player.post(on(note))

    threads = [threading.Thread(target=play, args=(first,)) for first in range(40, 60, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    player.take(0.1)
    assert player.counters.n_voices == 20


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (NoteOn(note=60, velocity=128), "velocity must be 1..127, not 128"),
        (NoteOn(note=60, velocity=0), "velocity must be 1..127, not 0"),
        (NoteOn(note=128, velocity=1), "note must be 0..127, not 128"),
        (NoteOff(note=-1), "note must be 0..127, not -1"),
        (NoteOn(note=60, velocity=1, channel=16), "channel must be 0..15, not 16"),
        (PitchBend(value=float("nan")), "bend must be finite, not nan"),
        (SetParameter(name="volume", value=float("inf")), "volume must be finite|value"),
        (SetParameter(name="loudness", value=1.0), 'there is no parameter "loudness"'),
    ],
)
def test_an_impossible_event_is_refused_at_the_door(player, event, message):
    with pytest.raises(ValueError, match=message):
        player.engine.post(event)


@pytest.mark.parametrize("event", [MovePad(x=0.5, y=0.5), ProgramChange(program=3)])
def test_events_for_others_are_none_of_the_engines_business(player, event):
    assert player.engine.post(event)
    assert not player.take(0.01).any()


@pytest.mark.parametrize(
    ("pitch", "note", "message"),
    [
        (128, NoteInfo(1, 100), "pitch must be 0..127"),
        (60, NoteInfo(24, 100), "slot must be 0..23"),
        (60, NoteInfo(1, 0), "n_frames must be 1.."),
        (60, NoteInfo(1, 4 * RATE + 1), "n_frames must be 1.."),
        (60, NoteInfo(1, 1000, 0, 1001), "loop_end must be 16..1000"),
        (60, NoteInfo(1, 1000, 490, 500), "loop_start must be 0..484"),
        (60, NoteInfo(1, 1000, gain=float("nan")), "gain must be finite"),
    ],
)
def test_an_impossible_note_is_refused(player, pitch, note, message):
    with pytest.raises(ValueError, match=message):
        player.engine.publish(pitch, note)


@pytest.mark.parametrize("n_voices", [0, 257])
def test_an_impossible_number_of_voices_is_refused(note_pool, n_voices):
    with pytest.raises(ValueError, match=r"n_voices must be 1..256"):
        Engine(RATE, note_pool, n_voices=n_voices)


@pytest.mark.parametrize("rate", [0.0, 1e6, float("nan")])
def test_an_impossible_rate_is_refused(note_pool, rate):
    with pytest.raises(ValueError, match="sample_rate must be"):
        Engine(rate, note_pool)


@pytest.mark.parametrize("rate", [22050.0, 44100.0, 96000.0, 192000.0])
def test_other_rates_play(note_pool, rate):
    note_pool.write(1, steady_note(60, 1.0))
    engine = Engine(rate, note_pool)
    engine.publish(60, NoteInfo(1, RATE, sample_rate=rate))
    engine.post(on(60))
    out = np.zeros((RATE // 4, 2), np.float32)
    engine.process(out)
    assert -40 < level_db(out) < 0


def test_the_peaks_start_anew_when_they_are_read(player):
    player.publish(60, steady_note(60))
    player.post(on(60))
    out = player.take(0.2)
    counters = player.counters
    assert counters.peak_left == pytest.approx(np.abs(out[:, 0]).max())
    assert counters.peak_right == pytest.approx(np.abs(out[:, 1]).max())
    assert player.counters.peak_left == 0.0


@pytest.fixture
def clips(player):
    """Two recordings of a constant in the pool: 0.1 and 0.2."""
    for slot, level in ((1, 0.1), (2, 0.2)):
        player.pool.write(slot, np.full(1000, level, np.float32))
    return player


def clip_of(player, n_frames):
    """Give what is heard, before the volume: float32 [frame]."""
    volume_db = BY_NAME["volume"].default
    return player.take(n_frames / RATE)[:, 0] / 10 ** (volume_db / 20)


def test_a_recording_plays_once_through_the_volume_and_ends(clips):
    clips.engine.play_clip(1, 1000)
    wave = clip_of(clips, 2048)
    assert np.allclose(wave[:1000], 0.1, rtol=0.01)
    assert not wave[1000:].any()


def test_a_recording_that_is_cut_off_by_the_next_fades_out_within_a_block(clips):
    clips.engine.play_clip(1, 1000)
    clip_of(clips, 4 * BLOCK)
    clips.engine.play_clip(2, 1000)
    wave = clip_of(clips, 1024)
    assert wave[0] == pytest.approx(0.3, rel=0.05)
    assert (np.diff(wave[:BLOCK]) < 0).all()
    assert np.allclose(wave[BLOCK:1000], 0.2, rtol=0.01)


def test_panic_silences_a_recording(clips):
    clips.engine.play_clip(1, 1000)
    clips.engine.post(Panic())
    assert not clip_of(clips, 1024).any()


def test_a_recording_outside_the_pool_is_refused(clips):
    with pytest.raises(ValueError, match="slot must be"):
        clips.engine.play_clip(clips.pool.n_slots, 10)
    with pytest.raises(ValueError, match="n_frames must be"):
        clips.engine.play_clip(1, clips.pool.n_frames + 1)


def test_the_test_tone_needs_no_note_and_ends(player):
    player.engine.test_tone()
    out = player.take(1.0)
    assert -40 < level_db(out[:9600]) < -3
    assert pitch_of(out[:24000, 0]) == pytest.approx(440, abs=2)
    assert not player.take(0.1).any()


def test_a_reset_engine_is_silent_and_has_forgotten_what_waited(player):
    player.publish(60, steady_note(60))
    player.post(on(60), PEDAL_DOWN)
    player.take(0.1)
    player.post(on(60))
    player.engine.reset()
    assert not player.take(0.1).any()
    player.post(on(60), off(60))
    player.take(0.6)
    assert not player.take(0.1).any()


UNDERFLOW, PRIMING = 4, 16


class Card:
    """A pretended PortAudio: calls the C callback by its address, as it would."""

    def __init__(self, engine):
        self.engine = engine
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_void_p,
            ctypes.c_ulong,
            ctypes.c_void_p,
        )
        self.callback = kind(engine.callback_address)
        self.time_info = (ctypes.c_double * 3)()

    def ask(self, n_frames, flags=0):
        """Ask for a block as a device does: float32 [frame, 2]."""
        out = np.full((n_frames, 2), np.nan, np.float32)
        answer = self.callback(
            None,
            out.ctypes.data,
            n_frames,
            ctypes.addressof(self.time_info),
            flags,
            self.engine.userdata,
        )
        assert answer == 0  # paContinue
        return out


def test_the_callback_makes_the_samples_that_process_makes(note_pool):
    one, other = Player(note_pool), Player(note_pool)
    for player in (one, other):
        player.publish(60, steady_note(60))
        player.post(on(60), set_to("cutoff", 2000.0))
    card = Card(one.engine)
    asked = np.concatenate([card.ask(100) for _ in range(64)])
    expected = np.zeros((6400, 2), np.float32)
    other.engine.process(expected)
    np.testing.assert_array_equal(asked, expected)


def test_the_callback_counts_blocks_underflows_and_load(player):
    card = Card(player.engine)
    card.ask(128, UNDERFLOW | PRIMING)
    for flags in (0, UNDERFLOW, 0, UNDERFLOW):
        card.ask(128, flags)
    counters = player.counters
    assert (counters.blocks, counters.underflows) == (5, 2)
    assert counters.load > 0.0
    assert player.engine.n_blocks == 5


def test_process_is_not_counted_as_the_devices(player):
    player.take(0.1)
    assert player.counters.blocks == 0


def test_in_quick_timing_an_event_sounds_at_the_next_block(player):
    player.publish(60, steady_note(60))
    card = Card(player.engine)
    card.ask(128)
    player.post(NoteOn(note=60, velocity=127, time_seconds=time.monotonic()))
    assert card.ask(128)[:64].any()


def test_in_even_timing_an_event_keeps_its_place(player):
    player.publish(60, steady_note(60))
    player.engine.use_even_timing(True)
    card, n_frames = Card(player.engine), 48000
    now = time.monotonic()
    player.post(NoteOn(note=60, velocity=127, time_seconds=now - 0.25))
    heard = np.flatnonzero(card.ask(n_frames).any(axis=1))[0]
    assert heard == pytest.approx(0.75 * RATE, abs=0.2 * RATE)
    player.post(Panic(), NoteOn(note=60, velocity=127, time_seconds=now - 100))
    assert card.ask(n_frames)[:64].any()


def test_an_event_from_the_future_counts_as_of_now(player):
    player.publish(60, steady_note(60))
    card = Card(player.engine)
    player.engine.use_even_timing(True)
    player.post(NoteOn(note=60, velocity=127, time_seconds=time.monotonic() + 1e6))
    time.sleep(0.03)
    assert card.ask(1024).any()
