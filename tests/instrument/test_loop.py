"""Loops: what is held sounds on without a seam, what decays decays on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from instrument.loop import GUARD_FRAMES, NO_LOOP, Loop, bake_loop, find_loop

RATE = 48000
Wave = NDArray[np.float32]


def note(
    hz: float = 261.63,
    *,
    decay_db: float = 0.0,
    vibrato_hz: float = 0.0,
    tremolo: float = 0.0,
    noise: float = 0.0,
    rate: int = RATE,
) -> Wave:
    """A made-up note of the model's form: 3 s held, 1 s release; float32 [frame]."""
    time = np.arange(4 * rate) / rate
    wobble = vibrato_hz / 5.3 * np.sin(2 * np.pi * 5.3 * time)
    wave = sum(np.sin(2 * np.pi * k * hz * time + k * wobble + k) / k for k in range(1, 10))
    wave = wave + noise * np.random.default_rng(1).standard_normal(len(time))
    wave = wave * (1 + tremolo * np.sin(2 * np.pi * 4.7 * time))
    wave *= 10 ** (-decay_db * time / 20) * np.clip(4 - time, 0, 1) * np.clip(time / 0.01, 0, 1)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


def held(wave: Wave, loop: Loop, seconds: float, rate: int = RATE) -> Wave:
    """Play a baked note the way the engine does: float32 [frame]."""
    n = round(seconds * rate)
    parts, gain = [wave[: loop.loop_end]], 1.0
    while sum(map(len, parts)) < n:
        gain *= loop.loop_gain
        parts.append(gain * wave[loop.loop_start : loop.loop_end])
    return np.concatenate(parts)[:n].astype(np.float32)


def level_db(wave: Wave) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(wave.astype(np.float64) ** 2)) + 1e-12))


def novelty(wave: Wave, at: int, rate: int = RATE) -> float:
    """How much the spectrum changes around a frame, in dB: two windows before it and after it."""
    n = 2048
    window = np.hanning(n)
    before, after = (np.abs(np.fft.rfft(wave[i : i + n] * window)) + 1e-3 for i in (at - n, at))
    return float(np.sqrt(np.mean((20 * np.log10(after / before)) ** 2)))


SUSTAINED = {
    "plain": note(),
    "vibrato": note(vibrato_hz=4),
    "tremolo": note(tremolo=0.3),
    "low": note(32.7),
    "high": note(1046.5),
    "out of tune": note(255.0),
    "breathy": note(noise=0.2),
}


@pytest.mark.parametrize("name", SUSTAINED)
def test_held_note_keeps_its_level(name: str) -> None:
    wave = SUSTAINED[name]
    loop = find_loop(wave, RATE, 60)
    sound = held(bake_loop(wave, loop, RATE), loop, 30)
    assert level_db(sound[-5 * RATE :]) == pytest.approx(level_db(wave[RATE : 2 * RATE]), abs=1)


@pytest.mark.parametrize("name", SUSTAINED)
def test_jump_back_is_no_larger_a_step_than_any_other(name: str) -> None:
    loop = find_loop(SUSTAINED[name], RATE, 60)
    sound = held(bake_loop(SUSTAINED[name], loop, RATE), loop, 8)
    steps = np.abs(np.diff(sound, 2))
    seam = slice(loop.loop_end - 4, loop.loop_end + 4)
    assert steps[seam].max() <= steps[RATE : 2 * RATE].max()


@pytest.mark.parametrize("name", [name for name in SUSTAINED if name != "breathy"])
def test_spectrum_moves_no_more_at_the_seam_than_elsewhere(name: str) -> None:
    wave = SUSTAINED[name]
    loop = find_loop(wave, RATE, 60)
    sound = held(bake_loop(wave, loop, RATE), loop, 8)
    elsewhere = [novelty(wave, i) for i in range(RATE, 2 * RATE, 1511)]
    seam = [novelty(sound, i) for i in range(loop.loop_end - 6000, loop.loop_end + 2000, 997)]
    assert max(seam) <= 1.1 * max(elsewhere) + 0.5


def test_level_does_not_dip_where_noise_is_cross_faded() -> None:
    wave = note(noise=100.0)
    loop = find_loop(wave, RATE, 60)
    baked = bake_loop(wave, loop, RATE)
    fade = baked[loop.loop_end - round(0.09 * RATE) : loop.loop_end - round(0.03 * RATE)]
    assert level_db(fade) == pytest.approx(level_db(wave[RATE : 2 * RATE]), abs=0.6)


@pytest.mark.parametrize("pitch", [24, 45, 60, 84])
def test_loop_is_a_whole_number_of_periods(pitch: int) -> None:
    hz = 440 * 2 ** ((pitch - 69) / 12)
    loop = find_loop(note(hz), RATE, pitch)
    periods = (loop.loop_end - loop.loop_start) / RATE * hz
    assert periods == pytest.approx(round(periods), abs=0.02)


def test_loop_of_a_vibrato_holds_whole_swings() -> None:
    loop = find_loop(note(vibrato_hz=4), RATE, 60)
    swings = (loop.loop_end - loop.loop_start) / RATE * 5.3
    assert swings == pytest.approx(round(swings), abs=0.05)


@pytest.mark.parametrize("rate", [32000, 44100, 48000, 96000])
def test_loop_lies_in_the_steady_part_and_is_long(rate: int) -> None:
    loop = find_loop(note(rate=rate), rate, 60)
    assert loop.loop_start >= 1.0 * rate
    assert loop.loop_end <= 2.9 * rate
    assert loop.loop_end - loop.loop_start >= 0.5 * rate


@pytest.mark.parametrize("decay_db", [3.0, 8.0, 15.0])
def test_decaying_note_decays_on_at_its_own_rate(decay_db: float) -> None:
    wave = note(decay_db=decay_db)
    loop = find_loop(wave, RATE, 60)
    sound = held(bake_loop(wave, loop, RATE), loop, 6.5)
    levels = [level_db(sound[i * RATE // 2 : (i + 1) * RATE // 2]) for i in range(2, 12)]
    assert np.diff(levels) == pytest.approx(np.full(9, -decay_db / 2), abs=0.6)


def test_swelling_note_does_not_grow_for_ever() -> None:
    wave = note(decay_db=-4.0)
    loop = find_loop(wave, RATE, 60)
    assert loop.loop_gain == 1.0
    sound = held(bake_loop(wave, loop, RATE), loop, 20)
    assert np.abs(sound).max() <= np.abs(wave).max()


def test_note_that_has_ended_is_not_looped() -> None:
    assert find_loop(note(decay_db=30.0), RATE, 60) == NO_LOOP


@pytest.mark.parametrize("seconds", [0.0, 0.6, 2.0])
def test_note_too_short_for_a_loop_is_not_looped(seconds: float) -> None:
    assert find_loop(note()[: round(seconds * RATE)], RATE, 60) == NO_LOOP


def test_silence_is_not_looped() -> None:
    assert find_loop(np.zeros(4 * RATE, np.float32), RATE, 60) == NO_LOOP


def test_wave_without_a_loop_is_left_alone() -> None:
    wave = note()
    assert bake_loop(wave, NO_LOOP, RATE) is wave


def test_frames_past_the_end_repeat_the_start_for_the_interpolator() -> None:
    wave = note(decay_db=6.0)
    loop = find_loop(wave, RATE, 60)
    baked = bake_loop(wave, loop, RATE)
    assert len(baked) == loop.loop_end + GUARD_FRAMES
    start = baked[loop.loop_start : loop.loop_start + GUARD_FRAMES]
    assert baked[loop.loop_end :] == pytest.approx(loop.loop_gain * start)
