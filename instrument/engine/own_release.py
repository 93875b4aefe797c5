"""A note's own release: at key-up a held voice goes over into the end that the model gave its note.

The notes that models learn from have their key up at 3 s, and what follows is how the sound of
that instrument dies away. A voice whose key comes up sooner or later goes there from wherever it
is, in phase and at the level that it has.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .alignment import best_lag
from .envelope import BLOCK, DECAY
from .kernels import Record, kernel
from .state import Machine
from .voice import frame_at
from .voice_wave import TAIL

ENVELOPE, OWN = range(2)  # as `parameters.RELEASE_KINDS`
KEY_UP_SECONDS = 3.0  # of a note that a model has learnt
SHORTEST_SECONDS = 0.2  # of a release
FADE_SECONDS = 0.030
LEVEL_FRAMES = 1024
MOST_GAIN = np.float32(4.0)  # either way: what is further apart are two sounds
SILENCE = 1e-12


@kernel
def ring_out(m: Machine, v: int) -> bool:
    """Let a voice that is released go over into its note's own end.

    Returns:
        Whether it does. Not where the note can't be held on: that dies away by itself, and its end
        after 3 s is no release; nor in the middle of a cross-fade: then it is asked again.
    """
    state, voice = m.state[0], m.voices[v]
    old, new = m.readers[v, voice.front], m.readers[v, 1 - voice.front]
    key_up = KEY_UP_SECONDS * state.sample_rate
    if old.steady_end == 0 or old.n_frames < key_up + SHORTEST_SECONDS * state.sample_rate:
        return False
    if old.first_frame > 0:  # a crop has no end of the note's own
        return False
    if voice.fading == 1 or voice.kill_step > 0.0 or voice.one_shot == 1:
        return False
    voice.is_ringing, voice.stage = 1, DECAY
    if old.shift == 0 and old.loop_end == 0 and old.position >= key_up:
        old.steady_end = old.n_seams = 0  # it is there already
        return True
    new.slot, new.n_frames, new.ratio, new.chance = old.slot, old.n_frames, old.ratio, old.chance
    new.loop_start = new.loop_end = new.steady_start = new.steady_end = 0
    new.n_seams = new.shift = new.first_frame = 0
    new.loop_gain = new.way = np.float32(1.0)
    m.readers[v, 1 - voice.front + TAIL].slot = 0
    samples = m.pool[old.slot]
    here = _power(old, samples[old.shift :], int(old.position))
    there = _power(new, samples, int(key_up) - LEVEL_FRAMES)
    gain = np.float32(math.sqrt(here / there)) if there > SILENCE else np.float32(1.0)
    new.gain = old.gain * min(max(gain, np.float32(1.0) / MOST_GAIN), MOST_GAIN)
    new.position = key_up
    period = state.sample_rate / (440.0 * math.pow(2.0, (voice.note - 69) / 12.0))
    lag, likeness = best_lag(old, new, m.pool, period, state.align_scratch)
    new.position = max(new.position + lag * new.ratio, 0.0)
    voice.likeness, voice.balance = np.float32(likeness), np.float32(1.0)
    voice.fade = np.float32(0.0)
    voice.fade_step = np.float32(BLOCK / (FADE_SECONDS * state.sample_rate))
    voice.fading = 1
    return True


@kernel
def _power(reader: Record, samples: NDArray[np.float32], first: int) -> float:
    total = 0.0
    for i in range(LEVEL_FRAMES):
        value = float(frame_at(reader, samples, first + i))
        total += value * value
    return total / LEVEL_FRAMES
