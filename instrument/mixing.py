"""From the voices' waves to a block: filter, envelope, place, volume, limiter."""

import math

import numpy as np
from numpy.typing import NDArray

from .effects import limit_block
from .envelope import BLOCK, IDLE, RELEASE_ROW, envelope_block
from .filter import A1, D_A1, LANES, N_LANE_ROWS, STATE_1, STATE_2, filter_lanes
from .kernels import Record, inlined, kernel
from .sources import set_free
from .state import LOWEST_VOLUME_DB, P_SUSTAIN, P_VOLUME, Machine
from .voice import END_SECONDS, voice_wave
from .voice_sound import pan_gains

INAUDIBLE = np.float32(1e-5)
BROKEN = 1e12  # energy of a block beyond which a voice must be broken


@kernel
def shape(
    wave: NDArray[np.float32],
    level: NDArray[np.float32],
    start: np.float32,
    end: np.float32,
) -> float:
    """Multiply a wave by its envelope and a ramp, in place; give its energy."""
    energy = np.float32(0.0)
    slope = (end - start) / np.float32(BLOCK)
    for i in range(BLOCK):
        wave[i] *= level[i] * (start + slope * np.float32(i))
        energy += wave[i] * wave[i]
    return float(energy)


@kernel
def add_wave(
    wave: NDArray[np.float32],
    start: np.float32,
    end: np.float32,
    out: NDArray[np.float32],
) -> None:
    """Add a wave to one side of the mix, with a ramping gain."""
    slope = (end - start) / np.float32(BLOCK)
    for i in range(BLOCK):
        out[i] += wave[i] * (start + slope * np.float32(i))


@kernel
def clear(row: NDArray[np.float32]) -> None:
    """Silence a row, float32 [64]."""
    for i in range(BLOCK):
        row[i] = np.float32(0.0)


@inlined
def filter_group(m: Machine, first: int, n: int) -> None:
    """Filter up to sixteen waves side by side."""
    state = m.state[0]
    share = np.float32(1.0 / BLOCK)
    for lane in range(n, LANES):
        clear(state.waves[lane])
        for row in range(N_LANE_ROWS):
            state.lanes[row, lane] = np.float32(0.0)
    for lane in range(n):
        voice = m.voices[state.order[0, first + lane]]
        state.lanes[A1, lane], state.lanes[A1 + 1, lane] = voice.a1, voice.a2
        state.lanes[A1 + 2, lane], state.lanes[A1 + 3, lane] = voice.a3, voice.wet
        state.lanes[D_A1, lane] = share * (voice.a1_after - voice.a1)
        state.lanes[D_A1 + 1, lane] = share * (voice.a2_after - voice.a2)
        state.lanes[D_A1 + 2, lane] = share * (voice.a3_after - voice.a3)
        state.lanes[D_A1 + 3, lane] = share * (voice.wet_after - voice.wet)
        state.lanes[STATE_1, lane], state.lanes[STATE_2, lane] = voice.state_1, voice.state_2
        if voice.wet == 0.0:  # it has been open: as if it had followed the wave all the time
            state.lanes[STATE_2, lane] = state.waves[lane, 0]
    filter_lanes(state.waves, state.lanes, state.lane_scratch)
    for lane in range(n):
        voice = m.voices[state.order[0, first + lane]]
        voice.a1, voice.a2, voice.a3 = voice.a1_after, voice.a2_after, voice.a3_after
        voice.wet = voice.wet_after
        voice.state_1, voice.state_2 = state.lanes[STATE_1, lane], state.lanes[STATE_2, lane]
        if voice.wet == 0.0:
            voice.state_1 = voice.state_2 = np.float32(0.0)


@kernel
def mix_voice(
    m: Machine, voice: Record, wave: NDArray[np.float32], level: NDArray[np.float32]
) -> None:
    """Give a voice's wave its envelope and its place, and see whether it is over."""
    state = m.state[0]
    start = voice.kill
    end = max(start - voice.kill_step, np.float32(0.0))
    voice.kill = end
    before, after = start * voice.dynamics, end * voice.dynamics_after
    voice.dynamics = voice.dynamics_after
    energy = shape(wave, level, before * voice.gain, after * voice.gain)
    if not energy < BROKEN:  # also when it is not a number
        state.broken += 1
        voice.stage = IDLE
        return
    left, right = voice.left, voice.right
    if state.pan_moving:
        voice.left, voice.right = pan_gains(state.values, voice.note, voice.offset)
    add_wave(wave, left, voice.left, state.mix[0])
    add_wave(wave, right, voice.right, state.mix[1])
    now = np.float32(math.sqrt(2.0 * energy / BLOCK))
    voice.loudness = max(now, np.float32(0.9) * voice.loudness)
    if end == 0.0:
        voice.stage = IDLE
    if voice.gated == 0 and voice.sustained == 0 and voice.hold == 0 and voice.loudness < INAUDIBLE:
        voice.stage = IDLE


@kernel
def begin_envelope(
    voice: Record,
    sustain: np.float32,
    curves: NDArray[np.float32],
    release: NDArray[np.float32],
    level: NDArray[np.float32],
) -> int:
    """Write the envelope up to where a voice begins, or is released, inside the block.

    Returns:
        The frame where the rest of it begins.
    """
    delay, turn = voice.delay, max(voice.turn, voice.delay)
    for i in range(delay):
        level[i] = np.float32(0.0)
    if turn > delay:
        envelope_block(voice.before, voice.level, sustain, curves, release, level[delay:turn])
        voice.level = level[turn - 1]
    voice.delay = voice.turn = 0
    return turn


@kernel
def render_group(m: Machine, row: int, first: int, n: int) -> None:
    """Add up to sixteen voices of one list to the mix."""
    state = m.state[0]
    end_frames = END_SECONDS * state.sample_rate
    sustain = np.float32(state.values[P_SUSTAIN])
    for lane in range(n):
        v = state.order[row, first + lane]
        voice = m.voices[v]
        voice_wave(voice, m.readers[v], m.pool, voice.step, end_frames, state.waves[lane])
    if row == 0:
        filter_group(m, first, n)
    for lane in range(n):
        v = state.order[row, first + lane]
        voice = m.voices[v]
        level = state.levels[lane]
        release = state.curves[RELEASE_ROW]
        if voice.sustained == 1:
            release = state.damped_curves[voice.channel]
        first = voice.delay
        if first + voice.turn > 0:
            first = begin_envelope(voice, sustain, state.curves, release, level)
        voice.stage = envelope_block(
            voice.stage, voice.level, sustain, state.curves, release, level[first:]
        )
        voice.level = level[BLOCK - 1]
        mix_voice(m, voice, state.waves[lane], level)
        if voice.stage == IDLE:
            set_free(m, v)


@inlined
def volume_gain(volume_db: float) -> float:
    """Turn the volume into a gain."""
    return math.pow(10.0, volume_db / 20.0) if volume_db > LOWEST_VOLUME_DB else 0.0


@inlined
def finish(m: Machine) -> None:
    """Volume, limiter, peaks, and the block as the device wants it."""
    state = m.state[0]
    after = volume_gain(state.values[P_VOLUME])
    slope = (after - state.volume) / BLOCK
    for i in range(BLOCK):
        gain = np.float32(state.volume + slope * (i + 1))
        state.mix[0, i] *= gain
        state.mix[1, i] *= gain
    state.volume = after
    state.limiter_gain = limit_block(state.mix, state.limiter_gain, state.recovery)
    for i in range(BLOCK):
        state.block[i, 0] = state.mix[0, i]
        state.block[i, 1] = state.mix[1, i]
        state.peak_left = max(state.peak_left, abs(state.mix[0, i]))
        state.peak_right = max(state.peak_right, abs(state.mix[1, i]))
