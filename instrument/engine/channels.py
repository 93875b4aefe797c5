"""The wheels and controllers of the sixteen channels: each block's bend, level and brightness.

In an MPE zone the master's wheels add to those of every member.
"""

import math

from instrument.values.zones import master_of

from .envelope import BLOCK
from .kernels import Record, inlined, kernel
from .ring import BEND, BREATH, EXPRESSION, N_CHANNELS, N_CONTROLS, N_NOTES, PRESSURE, SLIDE
from .state import (
    GLIDE_END,
    NEUTRAL_CONTROLS,
    P_BEND_RANGE,
    P_BREATH_CUTOFF,
    P_BREATH_LEVEL,
    P_EXPRESSION_LEVEL,
    P_MPE_BEND_RANGE,
    P_PRESSURE_CUTOFF,
    P_PRESSURE_VIBRATO,
    P_SLIDE_CUTOFF,
    P_SLIDE_TO,
    P_TUNE,
    P_VIBRATO_DEPTH,
    P_VIBRATO_RATE,
    Machine,
)

_master_of = kernel(master_of)


@kernel
def nearer(value: float, target: float, share: float, in_octaves: bool) -> float:
    """Go a share of the way to a target, and the whole way when it is near."""
    after = (
        value * math.pow(target / value, share) if in_octaves else value + share * (target - value)
    )
    return target if abs(after - target) <= GLIDE_END * (abs(target) + GLIDE_END) else after


@inlined
def turn_channels(m: Machine) -> None:
    """Bring all channels up to this block; where nothing has moved they are."""
    state = m.state[0]
    common = state.common_step
    _turn_vibrato(state)
    is_moving = _turn_wheels(state) or state.values_moving == 1
    if is_moving or state.channels_stale == 1 or state.common_step != common:
        state.channels_stale = 0
        for channel in range(N_CHANNELS):
            _turn_channel(state, channel, state.masters[channel])


@kernel
def _turn_wheels(state: Record) -> bool:
    """Smooth every wheel; say whether one has moved."""
    is_moving = False
    for control in range(N_CONTROLS):
        share = state.bend_glide if control == BEND else state.glide
        for channel in range(N_CHANNELS):
            target, value = state.controls[0, control, channel], state.controls[1, control, channel]
            if value != target:
                state.controls[1, control, channel] = nearer(value, target, share, False)
                is_moving = True
    return is_moving


@kernel
def _turn_vibrato(state: Record) -> None:
    """Find what moves every pitch alike: tune and vibrato."""
    values = state.values
    state.vibrato_phase += BLOCK * values[P_VIBRATO_RATE] / state.sample_rate
    state.vibrato_phase -= math.floor(state.vibrato_phase)
    state.vibrato = math.sin(2.0 * math.pi * state.vibrato_phase)
    cents = values[P_TUNE] + values[P_VIBRATO_DEPTH] * state.vibrato
    state.common_step = math.pow(2.0, cents / 1200.0) if cents != 0.0 else 1.0


@kernel
def _turn_channel(state: Record, channel: int, master: int) -> None:
    values, now = state.values, state.controls[1]
    bend, pressure, slide = now[BEND, channel], now[PRESSURE, channel], now[SLIDE, channel]
    expression, breath = now[EXPRESSION, channel], now[BREATH, channel]
    # A finger that has a channel to itself makes its own vibrato; pressing harder adds none.
    cents = now[PRESSURE, master] * values[P_PRESSURE_VIBRATO] * state.vibrato
    if now[PRESSURE, master] > 0.0:
        state.channels_stale = 1  # the vibrato goes on
    if master == channel:
        bend *= values[P_BEND_RANGE]
    else:
        bend = bend * values[P_MPE_BEND_RANGE] + now[BEND, master] * values[P_BEND_RANGE]
        pressure = min(pressure + now[PRESSURE, master], 1.0)
        slide = min(max(slide + now[SLIDE, master], -1.0), 1.0)
        expression *= now[EXPRESSION, master]
        breath *= now[BREATH, master]
    state.bends[channel] = bend
    state.pressures[channel] = pressure
    state.steps[channel] = state.common_step
    if bend != 0.0 or cents != 0.0:
        state.steps[channel] *= math.pow(2.0, bend / 12.0 + cents / 1200.0)
    state.octaves[channel] = (
        pressure * values[P_PRESSURE_CUTOFF]
        + (slide * values[P_SLIDE_CUTOFF] if state.targets[P_SLIDE_TO] == 0.0 else 0.0)
        - (1.0 - breath) * values[P_BREATH_CUTOFF]
    )
    level = (1.0 - values[P_EXPRESSION_LEVEL] * (1.0 - expression)) * (
        1.0 - values[P_BREATH_LEVEL] * (1.0 - breath)
    )
    state.gains[channel] = level * level


@kernel
def reset_channel(state: Record, channel: int) -> None:
    """Let go of a channel's wheels; they glide back."""
    for control in range(N_CONTROLS):
        state.controls[0, control, channel] = NEUTRAL_CONTROLS[control]


@kernel
def forget_keys(state: Record) -> None:
    """Take every key as up."""
    for channel in range(N_CHANNELS):
        for key in range(N_NOTES):
            state.held[channel, key] = 0


@kernel
def configure_zones(state: Record, lower: int, upper: int) -> None:
    """Lay the MPE zones; what the wheels of all channels were is forgotten."""
    for channel in range(N_CHANNELS):
        state.masters[channel] = _master_of(channel, lower, upper)
        reset_channel(state, channel)
    state.channels_stale = 1


@kernel
def take_over_channel(m: Machine, channel: int) -> None:
    """Give a member channel to a new note.

    Its wheels already stand where the new note begins, and do not glide there; notes that are
    being released keep the bend and brightness that they had.
    """
    state = m.state[0]
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.channel == channel and (voice.gated == 1 or voice.sustained == 1):
            return
    for v in range(m.voices.shape[0]):
        if m.voices[v].channel == channel:
            m.voices[v].detached = 1
    for control in range(N_CONTROLS):
        state.controls[1, control, channel] = state.controls[0, control, channel]
    state.channels_stale = 1
