"""From the voices' waves to a block: filter, envelope, place, volume, limiter."""

import math

import numpy as np
from numpy.typing import NDArray

from .endless import ENDLESS
from .envelope import BLOCK, DECAY, DECAY_ROW, IDLE, envelope_block
from .kernels import Record, inlined, kernel
from .lanes import (
    A1,
    A2,
    A3,
    D_A1,
    D_A2,
    D_A3,
    D_GAIN,
    D_LEFT,
    D_RIGHT,
    D_WET,
    DISTANCE,
    ENERGY,
    GAIN,
    LANES,
    LEFT,
    N_LANE_ROWS,
    RIGHT,
    STATE_1,
    STATE_2,
    TARGET,
    WET,
    calm_states,
    mix_moving_lanes,
    mix_still_lanes,
    transpose,
)
from .limiter import limit_block
from .sources import set_free
from .state import LOWEST_VOLUME_DB, P_ENDING, P_SUSTAIN, P_VOLUME, Machine
from .voice import END_SECONDS
from .voice_sound import pan_gains
from .voice_wave import voice_wave

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


@kernel
def end_block(m: Machine, voice: Record, energy: float) -> None:
    """See whether a voice is over, by its block's energy; and where its gains stand now."""
    state = m.state[0]
    voice.kill = max(voice.kill - voice.kill_step, np.float32(0.0))
    voice.dynamics = voice.dynamics_after
    if state.pan_moving:
        voice.left, voice.right = pan_gains(state.values, voice.note, voice.offset)
    now = np.float32(math.sqrt(2.0 * energy / BLOCK))
    voice.loudness = max(now, np.float32(0.9) * voice.loudness)
    if voice.kill == 0.0:
        voice.stage = IDLE
    if voice.gated == 0 and voice.sustained == 0 and voice.hold == 0 and voice.loudness < INAUDIBLE:
        voice.stage = IDLE


@kernel
def block_gains(voice: Record) -> tuple[np.float32, np.float32]:
    """Give a voice's gain at the beginning and at the end of the block."""
    after = max(voice.kill - voice.kill_step, np.float32(0.0))
    return (
        voice.kill * voice.dynamics * voice.gain,
        after * voice.dynamics_after * voice.gain,
    )


@kernel
def mix_voice(
    m: Machine, voice: Record, wave: NDArray[np.float32], level: NDArray[np.float32]
) -> None:
    """Give a voice's wave its envelope and its place, and see whether it is over."""
    state = m.state[0]
    before, after = block_gains(voice)
    energy = shape(wave, level, before, after)
    if not energy < BROKEN:  # also when it is not a number
        state.broken += 1
        voice.stage = IDLE
        return
    left, right = voice.left, voice.right
    end_block(m, voice, energy)
    add_wave(wave, left, voice.left, state.mix[0])
    add_wave(wave, right, voice.right, state.mix[1])


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
def read_group(m: Machine, row: int, first: int, n: int) -> None:
    """Read the waves of up to sixteen voices of one list."""
    state = m.state[0]
    end_frames = END_SECONDS * state.sample_rate
    ending = int(state.targets[P_ENDING])
    for lane in range(n):
        v = state.order[row, first + lane]
        voice = m.voices[v]
        is_endless = ending == ENDLESS and voice.one_shot == 0
        voice_wave(
            voice, m.readers[v], m.pool, is_endless, voice.step, end_frames, state.waves[lane]
        )


@kernel
def write_envelope(m: Machine, voice: Record, level: NDArray[np.float32]) -> None:
    """Write a voice's envelope, float32 [64], and advance it."""
    state = m.state[0]
    sustain = np.float32(state.values[P_SUSTAIN])
    release = state.release_curves[voice.release_row]
    if voice.sustained == 1:
        release = state.damped_curves[voice.channel]
    first = voice.delay
    if first + voice.turn > 0:
        first = begin_envelope(voice, sustain, state.curves, release, level)
    voice.stage = envelope_block(
        voice.stage, voice.level, sustain, state.curves, release, level[first:]
    )
    voice.level = level[BLOCK - 1]


@kernel
def render_open(m: Machine, first: int, n: int) -> None:
    """Add up to sixteen voices that need no filter to the mix."""
    state = m.state[0]
    read_group(m, 1, first, n)
    for lane in range(n):
        v = state.order[1, first + lane]
        voice = m.voices[v]
        write_envelope(m, voice, state.levels[lane])
        mix_voice(m, voice, state.waves[lane], state.levels[lane])
        if voice.stage == IDLE:
            set_free(m, v)


@kernel
def is_still(m: Machine, first: int, n: int) -> bool:
    """Say whether nothing but the gains of a group of filtered voices moves in this block."""
    state = m.state[0]
    if state.pan_moving:
        return False
    for lane in range(n):
        voice = m.voices[state.order[0, first + lane]]
        if voice.stage != DECAY or voice.delay + voice.turn > 0:
            return False
        if voice.a1 != voice.a1_after or voice.a2 != voice.a2_after:
            return False
        if voice.a3 != voice.a3_after or voice.wet != voice.wet_after:
            return False
    return True


@kernel
def load_lanes(m: Machine, first: int, n: int) -> None:
    """Bring up to sixteen voices side by side; lanes without one are silent."""
    state = m.state[0]
    lanes, share = state.lanes, np.float32(1.0 / BLOCK)
    sustain = np.float32(state.values[P_SUSTAIN])
    for lane in range(n, LANES):
        clear(state.waves[lane])
        clear(state.levels[lane])
    for row in range(N_LANE_ROWS):
        for lane in range(LANES):
            lanes[row, lane] = np.float32(0.0)
    for lane in range(n):
        voice = m.voices[state.order[0, first + lane]]
        lanes[A1, lane], lanes[A2, lane] = voice.a1, voice.a2
        lanes[A3, lane], lanes[WET, lane] = voice.a3, voice.wet
        lanes[D_A1, lane] = share * (voice.a1_after - voice.a1)
        lanes[D_A2, lane] = share * (voice.a2_after - voice.a2)
        lanes[D_A3, lane] = share * (voice.a3_after - voice.a3)
        lanes[D_WET, lane] = share * (voice.wet_after - voice.wet)
        lanes[STATE_1, lane], lanes[STATE_2, lane] = voice.state_1, voice.state_2
        if voice.wet == 0.0:  # it has been open: as if it had followed the wave all the time
            lanes[STATE_2, lane] = state.waves[lane, 0]
        before, after = block_gains(voice)
        lanes[GAIN, lane], lanes[D_GAIN, lane] = before, share * (after - before)
        lanes[LEFT, lane], lanes[RIGHT, lane] = voice.left, voice.right
        lanes[TARGET, lane], lanes[DISTANCE, lane] = sustain, voice.level - sustain
        if state.pan_moving:
            left, right = pan_gains(state.values, voice.note, voice.offset)
            lanes[D_LEFT, lane] = share * (left - voice.left)
            lanes[D_RIGHT, lane] = share * (right - voice.right)


@kernel
def drop_broken(m: Machine, first: int, n: int) -> bool:
    """Silence the voices of a group whose samples are not numbers; say whether there were any."""
    state, found = m.state[0], False
    for lane in range(n):
        if not state.lanes[ENERGY, lane] < BROKEN:  # also when it is not a number
            voice = m.voices[state.order[0, first + lane]]
            voice.stage = IDLE
            voice.gain = voice.state_1 = voice.state_2 = np.float32(0.0)
            clear(state.waves[lane])
            state.broken += 1
            found = True
    return found


@kernel
def store_lanes(m: Machine, first: int, n: int) -> None:
    """Give the voices of a group back what has moved, and see which are over."""
    state = m.state[0]
    for lane in range(n):
        v = state.order[0, first + lane]
        voice = m.voices[v]
        voice.a1, voice.a2, voice.a3 = voice.a1_after, voice.a2_after, voice.a3_after
        voice.wet = voice.wet_after
        voice.state_1, voice.state_2 = state.lanes[STATE_1, lane], state.lanes[STATE_2, lane]
        if voice.wet == 0.0:
            voice.state_1 = voice.state_2 = np.float32(0.0)
        end_block(m, voice, float(state.lanes[ENERGY, lane]))
        if voice.stage == IDLE:
            set_free(m, v)


@kernel
def render_filtered(m: Machine, first: int, n: int) -> None:
    """Add up to sixteen voices that need a filter to the mix."""
    state = m.state[0]
    read_group(m, 0, first, n)
    still = is_still(m, first, n)
    if not still:
        for lane in range(n):
            write_envelope(m, m.voices[state.order[0, first + lane]], state.levels[lane])
    while True:
        load_lanes(m, first, n)
        transpose(state.waves, state.lane_waves)
        if still:
            curve = state.curves[DECAY_ROW]
            mix_still_lanes(state.lane_waves, state.lanes, curve, state.group_mix)
        else:
            transpose(state.levels, state.lane_levels)
            mix_moving_lanes(state.lane_waves, state.lanes, state.lane_levels, state.group_mix)
        if not drop_broken(m, first, n):
            break
    if still:
        last = state.curves[DECAY_ROW, BLOCK - 1]
        for lane in range(n):
            level = state.lanes[TARGET, lane] + state.lanes[DISTANCE, lane] * last
            m.voices[state.order[0, first + lane]].level = level
    calm_states(state.lanes)
    store_lanes(m, first, n)
    for side in range(2):
        for i in range(BLOCK):
            state.mix[side, i] += state.group_mix[side, i]


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
