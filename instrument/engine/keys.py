"""Keys that go down and up: poly, mono, legato; portamento; unison."""

import math

import numpy as np

from . import layers
from .allocator import claim, is_sounding, silence_key, take_away
from .channels import take_over_channel
from .endless import ONE_SHOT
from .envelope import USUAL_RELEASE, WAITING, release_row
from .kernels import Record, inlined, kernel
from .pedals import SOFT_OCTAVES, key_up, soft_gain, softness
from .ring import N_CHANNELS, N_NOTES
from .sources import find_source
from .state import (
    MAXIMUM_VOICES,
    NOWHERE,
    P_ENDING,
    P_ENSEMBLE,
    P_KEY_MODE,
    P_PORTAMENTO,
    P_PORTAMENTO_TIME,
    P_RELEASE_VELOCITY,
    P_ROUND_ROBIN,
    P_UNISON,
    P_UNISON_DETUNE,
    P_UNISON_SPREAD,
    P_VELOCITY_CURVE,
    P_VELOCITY_LAYERS,
    P_VELOCITY_TIMBRE,
    Machine,
)
from .voice import has_ended
from .voice_pitch import aim_pitch, key_pitch, nearest_note, sit_on
from .voice_sound import strength_of, velocity_gain
from .voice_wave import N_READERS

POLY, MONO, LEGATO = range(3)  # as `parameters.KEY_MODES`
OFF, FINGERED, ALWAYS = range(3)  # as `parameters.PORTAMENTO_MODES`
FADED_OUT = np.float32(1e-3)  # -60 dB: a note that has died away is struck anew, not tied
UNISON_SECONDS = 0.012  # in which the voices of a unison begin their note
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)  # its multiples lie apart, however many there are

softness_of = kernel(layers.softness_of)
neighbour_of = kernel(layers.neighbour_of)
layer_of = kernel(layers.layer_of)


@kernel
def newest_held(state: Record, group: int) -> int:
    """Find the key that went down last and is still down: channel * 128 + key, or -1.

    Args:
        state: Of the machine.
        group: A channel, or a zone's master for the keys of the whole zone.
    """
    newest, found = 0, -1
    for channel in range(N_CHANNELS):
        if state.masters[channel] != group:
            continue
        for key in range(N_NOTES):
            if state.held[channel, key] > newest:
                newest, found = state.held[channel, key], channel * N_NOTES + key
    return found


@inlined
def start_note(m: Machine, key: int, channel: int, velocity: int) -> None:
    """A key has gone down: give it a voice, or one that sounds.

    Its sound starts when its rendered note is there, mostly at once.
    """
    state = m.state[0]
    pitch = key_pitch(state, key)
    if pitch == NOWHERE:
        return
    group = state.masters[channel]
    mode, portamento = int(state.targets[P_KEY_MODE]), int(state.targets[P_PORTAMENTO])
    is_tied = (mode != POLY or portamento == FINGERED) and newest_held(state, group) >= 0
    state.n_struck += 1
    state.held[channel, key] = state.n_struck
    state.struck[channel, key] = velocity
    if group != channel:
        take_over_channel(m, channel)
    if mode == LEGATO and is_tied and tie_to(m, key, channel, pitch):
        return
    strike(m, key, channel, velocity, pitch, is_tied)


@inlined
def stop_note(m: Machine, key: int, channel: int, velocity: float) -> None:
    """A key has come up: with one voice for all, the key before it sounds again if it is down."""
    state = m.state[0]
    state.held[channel, key] = 0
    row = release_row(velocity, state.targets[P_RELEASE_VELOCITY])
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.gated == 1 and voice.key == key and voice.channel == channel:
            voice.release_row = row
    mode = int(state.targets[P_KEY_MODE])
    if mode != POLY and is_gated(m, key, channel):
        before = newest_held(state, state.masters[channel])
        if before >= 0:
            old_channel, old_key = before // N_NOTES, before % N_NOTES
            pitch = key_pitch(state, old_key)
            if pitch != NOWHERE:
                if mode != LEGATO or not tie_to(m, old_key, old_channel, pitch):
                    struck = state.struck[old_channel, old_key]
                    strike(m, old_key, old_channel, struck, pitch, True)
                return
    key_up(m, key, channel)


@kernel
def is_gated(m: Machine, key: int, channel: int) -> bool:
    """Say whether a voice sounds because this key is down."""
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.gated == 1 and voice.key == key and voice.channel == channel:
            return True
    return False


@kernel
def glide_seconds(state: Record, is_tied: bool) -> float:
    """Give the time that the next note takes from the pitch before it; 0 for none."""
    portamento = int(state.targets[P_PORTAMENTO])
    if portamento == ALWAYS or (portamento == FINGERED and is_tied):
        return float(state.targets[P_PORTAMENTO_TIME])
    return 0.0


@kernel
def tie_to(m: Machine, key: int, channel: int, pitch: float) -> bool:
    """Let the voices of a channel or zone that are held go on with another key.

    Returns:
        False if there is none, or it has died away.
    """
    state = m.state[0]
    group, seconds = state.masters[channel], glide_seconds(state, True)
    n_tied = 0
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.gated == 0 or voice.kill_step > 0.0 or state.masters[voice.channel] != group:
            continue
        if voice.stage != WAITING and (
            voice.loudness < FADED_OUT
            or (voice.fading == 0 and has_ended(m.readers[v, voice.front]))
        ):
            continue
        voice.key, voice.channel, voice.detached = key, channel, 0
        voice.pressure_target = 0.0
        aim_pitch(voice, pitch, seconds, state.sample_rate)
        if seconds == 0.0:
            voice.pitch = pitch
            sit_on(m, v, nearest_note(pitch))
        n_tied += 1
    if n_tied > 0:
        state.last_pitch[group] = pitch
    return n_tied > 0


@kernel
def silence_group(m: Machine, group: int) -> None:
    """Fade out all that a channel or zone sounds; portamento goes on from where its pitch is."""
    state = m.state[0]
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if is_sounding(voice) and state.masters[voice.channel] == group:
            if voice.gated == 1 and voice.pitch != voice.goal:
                state.last_pitch[group] = voice.pitch
            take_away(voice, state.restrike_blocks)


@kernel
def strike(m: Machine, key: int, channel: int, velocity: int, pitch: float, is_tied: bool) -> None:
    """Begin a note, in one voice or in the voices of a unison."""
    state = m.state[0]
    group, caught = state.masters[channel], 0
    if int(state.targets[P_KEY_MODE]) == POLY:
        caught = silence_key(m.voices, key, channel, state.restrike_blocks)
    else:
        silence_group(m, group)
    seconds, before = glide_seconds(state, is_tied), state.last_pitch[group]
    if state.glide_from[group] != NOWHERE:
        seconds, before = state.targets[P_PORTAMENTO_TIME], state.glide_from[group]
        state.glide_from[group] = NOWHERE
    state.last_pitch[group] = pitch
    n = int(state.targets[P_UNISON])
    if state.targets[P_ENSEMBLE] > 0.0:
        n = max(n, 2)  # left and right
    n = min(n, state.n_voices)
    turn = state.strikes[key]
    state.strikes[key] += 1
    for place in range(n):
        v, stolen = claim(
            m.voices,
            key,
            channel,
            velocity,
            state.n_voices,
            state.steal_blocks,
            state.sample_rate,
        )
        state.stolen += stolen
        voice = m.voices[v]
        voice.caught = caught
        prepare_voice(m, v, pitch, place, n, turn)
        if seconds > 0.0 and before != NOWHERE:
            there, _ = find_source(m, int(voice.layer), nearest_note(before))
            if there >= 0:
                voice.pitch = before
                aim_pitch(voice, pitch, seconds, state.sample_rate)
        voice.note = nearest_note(voice.pitch)
        voice.ratio = math.pow(2.0, (voice.pitch + voice.detune - voice.note) / 12.0)


@kernel
def prepare_voice(m: Machine, v: int, pitch: float, place: int, n: int, turn: int) -> None:
    """Set what stays with a voice from its first frame: strength, gain, place, layer.

    Args:
        m: The machine.
        v: The voice, just claimed.
        pitch: In MIDI notes and parts of them.
        place: Among the voices of the unison, from 0.
        n: Their number.
        turn: How often the key has been struck before.
    """
    state, voice = m.state[0], m.voices[v]
    targets, channel = state.targets, voice.channel
    voice.strength = strength_of(voice.velocity, int(targets[P_VELOCITY_CURVE]))
    gain = velocity_gain(voice.strength, state.values) * soft_gain(state, channel)
    voice.gain = np.float32(gain / math.sqrt(n))
    voice.soft_octaves = SOFT_OCTAVES * softness(state, channel)
    voice.loudness = voice.gain
    voice.pressure = voice.pressure_target = 0.0
    voice.pitch = voice.goal = pitch
    voice.slope = voice.detune = voice.elapsed = 0.0
    voice.offset = np.float32(0.0)
    hand = 0.0
    if n > 1:
        side = 2.0 * place / (n - 1) - 1.0
        # neighbours in pitch stand on different sides, and both sides are equally full
        hand = -side if min(place, n - 1 - place) % 2 == 0 else side
        voice.offset = np.float32(hand * targets[P_UNISON_SPREAD])
        if targets[P_UNISON] > 1.0:
            voice.detune = side * targets[P_UNISON_DETUNE] / 100.0
            start = (state.n_struck + place) * GOLDEN
            voice.elapsed = (start - math.floor(start)) * UNISON_SECONDS * state.sample_rate
    voice.layer = layer_of(
        softness_of(voice.strength, targets[P_VELOCITY_TIMBRE], int(targets[P_VELOCITY_LAYERS])),
        neighbour_of(turn, hand, targets[P_ENSEMBLE], int(targets[P_ROUND_ROBIN])),
    )
    voice.delay = state.offset
    voice.source = voice.looked = -1
    voice.is_ringing, voice.release_row = 0, USUAL_RELEASE
    voice.front = 0
    voice.one_shot = int(targets[P_ENDING]) == ONE_SHOT
    voice.chance = state.n_struck * MAXIMUM_VOICES + place  # each strike wanders its own way
    for which in range(N_READERS):
        m.readers[v, which].slot = 0
