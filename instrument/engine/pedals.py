"""The three pedals: sustain, with all that lies between up and down; sostenuto; soft."""

import math

from .allocator import lift, pedal_up, release
from .envelope import BLOCK, RELEASE_TIMES
from .kernels import Record, inlined, kernel
from .ring import N_CHANNELS, N_PEDALS, SOFT, SOSTENUTO, SUSTAIN
from .state import P_RELEASE, P_SOFT_LEVEL, Machine

UP_TO, DOWN_FROM = 0.25, 0.75  # of a sustain pedal's way; between them the dampers just touch
LIGHTEST_DAMPING = 0.02  # of the dampers that just touch: releases last fifty times longer
SOFT_OCTAVES = 1.0  # that the soft pedal closes the filter


@kernel
def damping_of(position: float) -> float:
    """Give how much the dampers damp at a place of the pedal, 0 (not at all) to 1 (all)."""
    if position >= DOWN_FROM:
        return 0.0
    if position <= UP_TO:
        return 1.0
    return math.pow(LIGHTEST_DAMPING, (position - UP_TO) / (DOWN_FROM - UP_TO))


@kernel
def fill_damped_curve(state: Record, channel: int) -> None:
    """Make a channel's curve of release: slower by its damping, level where that is 0."""
    seconds = state.targets[P_RELEASE]
    damped = state.damping[channel] * RELEASE_TIMES / (seconds * state.sample_rate)
    for i in range(BLOCK):
        state.damped_curves[channel, i] = math.exp(-(i + 1) * damped)


@kernel
def move_pedal(m: Machine, pedal: int, channel: int, position: float) -> None:
    """Move a pedal; a master's moves its whole zone."""
    state = m.state[0]
    was_down = state.pedals[pedal, channel] >= 0.5
    state.pedals[pedal, channel] = position
    for other in range(N_CHANNELS):
        if other != channel and state.masters[other] != channel:
            continue
        if pedal == SUSTAIN:
            _move_dampers(m, other)
        elif pedal == SOSTENUTO and position >= 0.5 and not was_down:
            _catch(m, other)
        elif pedal == SOSTENUTO and position < 0.5 and was_down:
            _let_go(m, other)


@kernel
def _move_dampers(m: Machine, channel: int) -> None:
    state = m.state[0]
    position = max(state.pedals[SUSTAIN, channel], state.pedals[SUSTAIN, state.masters[channel]])
    state.damping[channel] = damping_of(position)
    fill_damped_curve(state, channel)
    if state.damping[channel] == 1.0:
        pedal_up(m.voices, channel, state.offset)


@kernel
def _catch(m: Machine, channel: int) -> None:
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.channel == channel and voice.gated == 1:
            voice.caught = 1


@kernel
def _let_go(m: Machine, channel: int) -> None:
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.channel == channel and voice.caught == 1:
            voice.caught = 0
            held = voice.one_shot == 1 or m.state[0].damping[channel] < 1.0
            if voice.sustained == 1 and not held:
                release(voice, m.state[0].offset)


@inlined
def key_up(m: Machine, key: int, channel: int) -> None:
    """A key has come up: its note ends, or a pedal holds it."""
    state = m.state[0]
    lift(m.voices, key, channel, state.damping[channel] < 1.0, state.offset)


@kernel
def raise_pedals(m: Machine, channel: int) -> None:
    """Take all pedals of a channel as up."""
    for pedal in range(N_PEDALS):
        move_pedal(m, pedal, channel, 0.0)


@kernel
def softness(state: Record, channel: int) -> float:
    """Give how far the soft pedal is down, 0..1."""
    return max(state.pedals[SOFT, channel], state.pedals[SOFT, state.masters[channel]])


@kernel
def soft_gain(state: Record, channel: int) -> float:
    """Give the soft pedal's factor on the level of a note that begins now."""
    return math.pow(10.0, softness(state, channel) * state.targets[P_SOFT_LEVEL] / 20.0)
