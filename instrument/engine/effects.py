"""The effects after the mix: chorus, then delay, then reverb; what is off costs nothing."""

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from .chorus import chorus_block
from .delay import damping_share, delay_block, delay_frames
from .delay_line import let_in, wake
from .envelope import BLOCK
from .kernels import Record, inlined, kernel, pointer
from .reverb import reverb_block
from .state import (
    P_CHORUS_DEPTH,
    P_CHORUS_KIND,
    P_CHORUS_MIX,
    P_CHORUS_RATE,
    P_DELAY_CROSSING,
    P_DELAY_CUTOFF,
    P_DELAY_DIVISION,
    P_DELAY_FEEDBACK,
    P_DELAY_MIX,
    P_DELAY_TIME,
    P_REVERB_BEFORE,
    P_REVERB_DAMPING,
    P_REVERB_MIX,
    P_REVERB_TIME,
    P_TEMPO,
    Machine,
)

QUARTER = 0.5 * math.pi


@kernel
def blend(
    mix: NDArray[np.float32],
    wet: NDArray[np.float32],
    before: float,
    after: float,
    hush_before: float,
    hush_after: float,
) -> None:
    """Blend what an effect made into the mix, at equal power.

    Args:
        mix: float32 [2, 64], in and out.
        wet: float32 [2, 64].
        before: How much of it at the beginning of the block, 0..1.
        after: And at the end.
        hush_before: A further factor of the wet part.
        hush_after: And at the end.
    """
    dry, dry_end = math.cos(QUARTER * before), math.cos(QUARTER * after)
    gain, gain_end = (
        hush_before * math.sin(QUARTER * before),
        hush_after * math.sin(QUARTER * after),
    )
    for i in range(BLOCK):
        share = np.float32((i + 1) / BLOCK)
        of_dry = np.float32(dry) + share * np.float32(dry_end - dry)
        of_wet = np.float32(gain) + share * np.float32(gain_end - gain)
        mix[0, i] = of_dry * mix[0, i] + of_wet * wet[0, i]
        mix[1, i] = of_dry * mix[1, i] + of_wet * wet[1, i]


@kernel
def silence(wet: NDArray[np.float32]) -> None:
    """Make a block of silence, float32 [2, 64]."""
    for side in range(2):
        for i in range(BLOCK):
            wet[side, i] = np.float32(0.0)


@kernel
def stop_effect(effect: Record) -> None:
    """Let an effect begin anew, after its memory has been emptied."""
    if effect.running == 1:
        effect.running = 0
        effect.dirty = effect.length


@inlined
def hush_effects(m: Machine) -> None:
    """Let all that rings in the effects end: fade it out in a few milliseconds, then forget it."""
    state = m.state[0]
    state.hush_step = 1.0 / state.panic_blocks


@inlined
def add_effects(m: Machine) -> None:
    """Put the mix through the effects that are on."""
    state = m.state[0]
    chorus, delay, reverb = state.chorus, state.delay, state.reverb
    memory = carray(pointer(state.memory), (state.memory_frames,), np.float32)
    values, targets, rate = state.values, state.targets, state.sample_rate
    hush = state.hush
    hush_after = max(hush - state.hush_step, 0.0)
    amount = values[P_CHORUS_MIX]
    if amount > 0.0 or chorus.mix > 0.0 or chorus.dirty > 0:
        if wake(chorus, memory, amount > 0.0):
            let_in(chorus, state.mix, rate, state.feed)
            kind, depth = values[P_CHORUS_KIND], values[P_CHORUS_DEPTH]
            chorus_block(chorus, memory, state.feed, values[P_CHORUS_RATE], depth, kind, rate)
        else:
            silence(chorus.wet)
        blend(state.mix, chorus.wet, chorus.mix, amount, hush, hush_after)
        chorus.mix = amount
    amount = values[P_DELAY_MIX]
    if amount > 0.0 or delay.mix > 0.0 or delay.dirty > 0:
        if wake(delay, memory, amount > 0.0):
            let_in(delay, state.mix, rate, state.feed)
            division = int(targets[P_DELAY_DIVISION])
            n_frames = delay_frames(targets[P_DELAY_TIME], division, targets[P_TEMPO], rate)
            damping = damping_share(values[P_DELAY_CUTOFF], rate)
            feedback, crossing = values[P_DELAY_FEEDBACK], values[P_DELAY_CROSSING]
            delay_block(delay, memory, state.feed, n_frames, feedback, damping, crossing, rate)
        else:
            silence(delay.wet)
        blend(state.mix, delay.wet, delay.mix, amount, hush, hush_after)
        delay.mix = amount
    amount = values[P_REVERB_MIX]
    if amount > 0.0 or reverb.mix > 0.0 or reverb.dirty > 0:
        if wake(reverb, memory, amount > 0.0):
            let_in(reverb, state.mix, rate, state.feed)
            n_before = int(targets[P_REVERB_BEFORE] * rate + 0.5)
            seconds, damping = values[P_REVERB_TIME], values[P_REVERB_DAMPING]
            reverb_block(reverb, memory, state.feed, seconds, damping, n_before, rate)
        else:
            silence(reverb.wet)
        blend(state.mix, reverb.wet, reverb.mix, amount, hush, hush_after)
        reverb.mix = amount
    if state.hush_step > 0.0:
        state.hush = hush_after
        if hush_after == 0.0:
            stop_effect(chorus)
            stop_effect(delay)
            stop_effect(reverb)
            state.hush, state.hush_step = 1.0, 0.0
