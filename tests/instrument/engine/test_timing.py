"""Events at their sample: inside an inner block, in blocks of any size, live and offline."""

import numpy as np
import pytest

from instrument.benchmarks.jitter import PretendedDevice, bench_jitter
from instrument.engine.callback import steady_clock
from instrument.engine.state import state_dtype
from instrument.values.events import AllNotesOff, ControlChange, NoteOff, NoteOn, SetParameter
from instrument.values.status import AudioSettings
from tests.instrument.playing import RATE, Player, steady_note

OFFSETS = (0, 1, 31, 63, 64, 100)


def take(player, n_frames):
    out = np.zeros((n_frames, 2), np.float32)
    player.engine.process(out)
    return out


def first_loud(wave):
    return int(np.flatnonzero(np.abs(wave[:, 0]) > 0)[0])


@pytest.fixture
def ready(player):
    """A player whose parameters stand still, with one loud note."""
    player.publish(60, np.full(2 * RATE, 0.5, np.float32))
    for name, value in {"attack": 0.001, "release": 0.05, "volume": 0.0}.items():
        player.post(SetParameter(name=name, value=value))
    player.take(1.0)
    return player


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_note_begins_at_its_very_frame(ready, offset):
    ready.engine.post(NoteOn(note=60, velocity=127), ready.engine.next_frame + offset)
    assert first_loud(take(ready, 512)) == offset


def test_a_note_that_begins_later_is_the_same_note(note_pool):
    waves = []
    for offset in (0, 37):
        player = Player(note_pool)
        player.publish(60, steady_note(60))
        player.post(SetParameter(name="cutoff", value=900.0))
        player.take(1.0)
        player.engine.post(NoteOn(note=60, velocity=90), player.engine.next_frame + offset)
        waves.append(take(player, 4800)[offset : offset + 4000])
    assert np.abs(waves[0] - waves[1]).max() < 1e-4 < np.abs(waves[0]).max()


@pytest.mark.parametrize("let_go", [NoteOff(note=60), AllNotesOff()])
@pytest.mark.parametrize("offset", OFFSETS)
def test_a_release_begins_at_its_very_frame(note_pool, let_go, offset):
    waves = []
    for is_released in (False, True):
        player = Player(note_pool)
        player.publish(60, np.full(2 * RATE, 0.5, np.float32))
        player.post(NoteOn(note=60, velocity=127))
        player.take(1.0)
        if is_released:
            player.engine.post(let_go, player.engine.next_frame + offset)
        waves.append(take(player, 512)[:, 0])
    assert np.flatnonzero(waves[0] != waves[1])[0] == offset


def test_a_pedal_lets_go_at_its_very_frame(ready):
    ready.post(ControlChange(controller=64, value=127), NoteOn(note=60, velocity=127))
    ready.post(NoteOff(note=60))
    before = ready.take(1.0)[-1, 0]
    ready.engine.post(ControlChange(controller=64, value=0), ready.engine.next_frame + 40)
    after = take(ready, 128)[:, 0]
    assert np.abs(after[:40] - before).max() < 1e-5
    assert after[45] < after[39]


def test_a_note_may_begin_and_end_in_one_inner_block(ready):
    at = ready.engine.next_frame
    ready.engine.post(NoteOn(note=60, velocity=127), at + 5)
    ready.engine.post(NoteOff(note=60), at + 20)
    assert first_loud(take(ready, 512)) == 5
    assert not ready.take(1.0)[-64:].any()


@pytest.mark.parametrize("block", [1, 7, 64, 100, 512])
def test_the_devices_blocks_change_no_bit_of_placed_events(note_pool, block):
    waves = []
    for size in (4096, block):
        player = Player(note_pool)
        player.publish(60, steady_note(60))
        for number in range(8):
            player.engine.post(NoteOn(note=60, velocity=90), 64 + 487 * number)
            player.engine.post(NoteOff(note=60), 64 + 487 * number + 211)
        out = np.zeros((4096, 2), np.float32)
        for first in range(0, 4096, size):
            player.engine.process(out[first : first + size])
        waves.append(out)
    np.testing.assert_array_equal(*waves)


def test_the_engine_says_where_it_placed_an_event(ready):
    at = ready.engine.next_frame + 77
    place = ready.engine.post(NoteOn(note=60, velocity=90), at)
    assert ready.engine.placed_frame(place) is None
    take(ready, 128)
    assert ready.engine.placed_frame(place) == at


def test_the_steadied_clock_finds_the_pace_behind_late_calls():
    state = np.zeros(1, state_dtype)
    state[0]["sample_rate"] = RATE
    random, pace = np.random.default_rng(0), 128 / RATE
    late = random.exponential(2e-4, 5000)
    steadied = np.array([steady_clock(state[0], i * pace + late[i], 128) for i in range(5000)])
    errors = steadied - np.arange(5000) * pace
    assert np.ptp(errors[2000:]) < 0.2 * np.ptp(late)


def test_the_steadied_clock_starts_anew_after_a_lost_block():
    state = np.zeros(1, state_dtype)
    state[0]["sample_rate"] = RATE
    for number in range(10):
        steady_clock(state[0], number * 128 / RATE, 128)
    assert steady_clock(state[0], 7.0, 128) == 7.0
    assert steady_clock(state[0], 7.0 + 256 / RATE, 256) == 7.0 + 256 / RATE


@pytest.mark.parametrize("block", [64, 128, 441])
def test_even_timing_keeps_the_distance_between_two_keys(ready, block):
    engine = ready.engine
    engine.use_even_timing(True)
    device, pace = PretendedDevice(engine), block / RATE
    wave = np.zeros((40 * block, 2), np.float32)
    for number in range(40):
        device.now_seconds = 1.0 + number * pace
        for frame in (8 * block + 17, 20 * block + 17 + 29):
            if 0 <= number * block - frame < block:
                engine.post(NoteOn(note=60, velocity=127, time_seconds=1.0 + frame / RATE))
                engine.post(NoteOff(note=60, time_seconds=1.0 + (frame + 100) / RATE))
        device.ask(wave[number * block : (number + 1) * block])
    engine.post(SetParameter(name="release", value=0.005))
    first = first_loud(wave)
    delay = first - (8 * block + 17)
    assert delay == block + (64 if block % 64 else 0)


def test_small_blocks_are_quick_and_large_ones_even_unless_asked_otherwise():
    assert [AudioSettings(block=block).is_even for block in (64, 128, 256, 1024)] == [
        False,
        False,
        True,
        True,
    ]
    assert AudioSettings(block=64, timing="even").is_even
    assert not AudioSettings(block=1024, timing="quick").is_even


def test_offline_there_is_no_jitter_and_live_less_than_a_third_of_a_millisecond():
    figures = bench_jitter(n_notes=12)
    for result in figures["blocks"].values():
        assert result["offline_us"] == 0.0
        assert result["even_us"] < 300.0
        assert result["even_us"] < result["quick_us"]
