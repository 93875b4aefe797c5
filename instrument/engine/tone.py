"""What sounds beside the notes: a test sound, a softly struck A; a recording that plays once."""

import math

import numpy as np

from .envelope import BLOCK
from .kernels import Record, inlined
from .state import Machine

TONE_SECONDS, TONE_DECAY_SECONDS, TONE_ATTACK_SECONDS = 0.8, 0.2, 0.004
TONE_HZ, TONE_LEVEL = 440.0, 0.35


@inlined
def add_tone(m: Machine) -> None:
    """Add the test sound: a soft struck A."""
    state = m.state[0]
    rate = state.sample_rate
    total = int(TONE_SECONDS * rate)
    for i in range(min(BLOCK, state.tone_left)):
        seconds = (total - state.tone_left + i) / rate
        fade_in = min(seconds / TONE_ATTACK_SECONDS, 1.0)
        fade_out = min((TONE_SECONDS - seconds) / TONE_DECAY_SECONDS, 1.0)
        level = TONE_LEVEL * fade_in * fade_out * math.exp(-seconds / TONE_DECAY_SECONDS)
        turn = 2.0 * math.pi * TONE_HZ * seconds
        wave = np.float32(level * (math.sin(turn) + 0.3 * math.sin(2.0 * turn)))
        state.mix[0, i] += wave
        state.mix[1, i] += wave
    state.tone_left = max(state.tone_left - BLOCK, 0)


@inlined
def start_clip(state: Record, slot: int, n_frames: int) -> None:
    """Play a recording; the one before fades out within a block."""
    state.clip_slot[1] = state.clip_slot[0]
    state.clip_place[1] = state.clip_place[0]
    state.clip_left[1] = min(state.clip_left[0], BLOCK)
    state.clip_slot[0], state.clip_place[0], state.clip_left[0] = slot, 0, n_frames


@inlined
def add_clips(m: Machine) -> None:
    """Add the recording that plays, and the last block of the one that it cut off."""
    state = m.state[0]
    for k in range(2):
        slot, place, n = state.clip_slot[k], state.clip_place[k], min(BLOCK, state.clip_left[k])
        for i in range(n):
            fade = np.float32(1.0 - (i + 1) / BLOCK) if k == 1 else np.float32(1.0)
            wave = fade * m.pool[slot, place + i]
            state.mix[0, i] += wave
            state.mix[1, i] += wave
        state.clip_place[k] += n
        state.clip_left[k] -= n
