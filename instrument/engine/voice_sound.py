"""What a voice makes of its player: level, brightness, place; from velocity, wheels, pressure."""

import math

import numpy as np
from numpy.typing import NDArray

from . import layers
from .channels import nearer
from .filter import OPEN_HZ, filter_coefficients
from .kernels import Record, inlined, kernel
from .state import (
    P_CUTOFF,
    P_KEY_TRACKING,
    P_PAN,
    P_PRESSURE_CUTOFF,
    P_PRESSURE_LEVEL,
    P_RESONANCE,
    P_SPREAD,
    P_VELOCITY_CUTOFF,
    P_VELOCITY_LEVEL,
    Machine,
)

VELOCITY_EXPONENT = 2.0  # at velocity_level 1: 40 dB from the softest to the loudest
VELOCITY_OCTAVES = 5.0  # that velocity_cutoff 1 closes the filter for the softest note
SPREAD_SEMITONES = 36.0  # from middle C to the side
MIDDLE_C = 60

strength_of = kernel(layers.strength_of)


@kernel
def velocity_gain(strength: float, values: NDArray[np.float64]) -> float:
    """Give the gain of a note struck so hard."""
    return math.pow(strength, VELOCITY_EXPONENT * values[P_VELOCITY_LEVEL])


@kernel
def pan_gains(
    values: NDArray[np.float64], note: int, offset: float
) -> tuple[np.float32, np.float32]:
    """Give a note's gains left and right, equal-power; `offset` -1..1 is added to its place."""
    place = values[P_PAN] + values[P_SPREAD] * (note - MIDDLE_C) / SPREAD_SEMITONES + offset
    angle = (min(max(place, -1.0), 1.0) + 1.0) * (math.pi / 4.0)
    return np.float32(math.cos(angle)), np.float32(math.sin(angle))


@kernel
def aim_filter(voice: Record, values: NDArray[np.float64], sample_rate: float) -> None:
    """Set where a voice's filter is to be at the end of the block."""
    octaves = voice.octaves - voice.soft_octaves
    octaves += values[P_KEY_TRACKING] * (voice.pitch - MIDDLE_C) / 12.0
    octaves -= VELOCITY_OCTAVES * values[P_VELOCITY_CUTOFF] * (1.0 - voice.strength)
    cutoff_hz = min(values[P_CUTOFF] * math.pow(2.0, octaves), OPEN_HZ)
    resonance = values[P_RESONANCE]
    a1, a2, a3 = filter_coefficients(cutoff_hz, resonance, sample_rate)
    voice.a1_after, voice.a2_after, voice.a3_after = np.float32(a1), np.float32(a2), np.float32(a3)
    is_open = cutoff_hz >= OPEN_HZ and resonance == 0.0
    voice.wet_after = np.float32(0.0) if is_open else np.float32(1.0)


@inlined
def feel(m: Machine, v: int) -> None:
    """Bring a voice's bend, level and brightness up to its channel and to its key's pressure."""
    state, voice = m.state[0], m.voices[v]
    values, channel = state.values, voice.channel
    is_aimed = state.filter_moving == 1 or voice.pitch != voice.goal
    if voice.detached == 0:
        if voice.pressure != voice.pressure_target:
            voice.pressure = nearer(voice.pressure, voice.pressure_target, state.glide, False)
        voice.bend = state.bends[channel]
        gain = state.gains[channel]
        if values[P_PRESSURE_LEVEL] > 0.0:
            pressure = min(state.pressures[channel] + voice.pressure, 1.0)
            gain *= 1.0 - values[P_PRESSURE_LEVEL] * (1.0 - pressure)
        voice.dynamics_after = np.float32(gain)
        octaves = state.octaves[channel] + voice.pressure * values[P_PRESSURE_CUTOFF]
        if octaves != voice.octaves:
            voice.octaves = octaves
            is_aimed = True
    if is_aimed:
        aim_filter(voice, values, state.sample_rate)


@kernel
def settle(m: Machine, v: int) -> None:
    """Put a voice that begins where its player wants it, without a glide."""
    state, voice = m.state[0], m.voices[v]
    voice.pressure = voice.pressure_target
    feel(m, v)
    aim_filter(voice, state.values, state.sample_rate)
    voice.dynamics = voice.dynamics_after
    voice.a1, voice.a2, voice.a3 = voice.a1_after, voice.a2_after, voice.a3_after
    voice.wet = voice.wet_after
    voice.state_1 = voice.state_2 = np.float32(0.0)
    voice.left, voice.right = pan_gains(state.values, voice.note, voice.offset)
