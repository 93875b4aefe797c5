"""A voice's pitch: tuning, portamento, bend; and the rendered pitch that is nearest to it."""

import math

from .envelope import BLOCK
from .kernels import Record, inlined, kernel
from .ring import N_NOTES
from .sources import find_source
from .state import (
    NOWHERE,
    P_MICROTUNING,
    P_OCTAVE,
    P_PRESSURE_VIBRATO,
    P_TRANSPOSE,
    Machine,
)
from .voice_wave import N_READERS

REACH_SEMITONES = 2.5  # that a note is read away from its own pitch before another takes over
GAIN_SEMITONES = 0.5  # by which that one must be nearer
RETUNE_SECONDS = 0.010
SLOWEST_STEP, FASTEST_STEP = 1.0 / 64.0, 16.0


@kernel
def key_pitch(state: Record, key: int) -> float:
    """Give the pitch of a key, in MIDI notes and parts of them; NOWHERE if it has none."""
    pitch = float(key)
    if state.targets[P_MICROTUNING] > 0.0:
        pitch = state.pitches[key]
        if pitch == NOWHERE:
            return NOWHERE
    return pitch + state.targets[P_TRANSPOSE] + 12.0 * state.targets[P_OCTAVE]


@kernel
def nearest_note(pitch: float) -> int:
    """Give the MIDI note nearest to a pitch."""
    return int(min(max(math.floor(pitch + 0.5), 0.0), N_NOTES - 1.0))


@kernel
def aim_pitch(voice: Record, goal: float, seconds: float, sample_rate: float) -> None:
    """Let a voice glide to a pitch, in so long whatever the way."""
    voice.goal = goal
    voice.slope = (goal - voice.pitch) / max(seconds * sample_rate / BLOCK, 1.0)


@kernel
def sit_on(m: Machine, v: int, note: int) -> None:
    """Make another MIDI note a voice's own pitch; what sounds does not change.

    `follow_key` then cross-fades the voice to that note, in phase.
    """
    voice = m.voices[v]
    shift = math.pow(2.0, (note - voice.note) / 12.0)
    for which in range(N_READERS):
        m.readers[v, which].ratio *= shift
    voice.note, voice.looked = note, -1
    voice.ratio = math.pow(2.0, (voice.pitch + voice.detune - note) / 12.0)


@kernel
def _sit_near(m: Machine, v: int, pitch: float) -> None:
    """Sit on the nearest note that is rendered, if that is any nearer."""
    voice = m.voices[v]
    _, note = find_source(m, int(voice.layer), nearest_note(pitch))
    if note >= 0 and abs(note - pitch) < abs(voice.note - pitch) - GAIN_SEMITONES:
        sit_on(m, v, note)


@inlined
def turn_pitch(m: Machine, v: int) -> None:
    """Bring a voice's pitch up to this block."""
    state, voice = m.state[0], m.voices[v]
    if voice.pitch != voice.goal:
        if abs(voice.goal - voice.pitch) <= abs(voice.slope) or voice.slope == 0.0:
            voice.pitch = voice.goal
            sit_on(m, v, nearest_note(voice.goal))
        else:
            voice.pitch += voice.slope
            voice.ratio = math.pow(2.0, (voice.pitch + voice.detune - voice.note) / 12.0)
    if abs(voice.pitch + voice.bend - voice.note) > REACH_SEMITONES:
        _sit_near(m, v, voice.pitch + voice.bend)
    if voice.detached == 1:
        step = voice.ratio * state.common_step * math.pow(2.0, voice.bend / 12.0)
    else:
        step = voice.ratio * state.steps[voice.channel]
        if voice.pressure > 0.0:
            cents = voice.pressure * state.values[P_PRESSURE_VIBRATO] * state.vibrato
            step *= math.pow(2.0, cents / 1200.0)
    voice.step = min(max(step, SLOWEST_STEP), FASTEST_STEP)


@kernel
def retune(m: Machine) -> None:
    """Move every held note to where the tuning has put its key."""
    state = m.state[0]
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.gated == 1 or voice.sustained == 1:
            pitch = key_pitch(state, voice.key)
            if pitch not in (NOWHERE, voice.goal):
                aim_pitch(voice, pitch, RETUNE_SECONDS, state.sample_rate)
