"""Which rendered note a voice reads: its own, a stand-in, a newer one to cross-fade to."""

import math

import numpy as np

from .alignment import best_lag
from .allocator import begin
from .endless import ENDLESS, place
from .envelope import BLOCK, IDLE
from .kernels import Record, inlined, kernel
from .layers import SLIDE_LAYER
from .ring import N_NOTES
from .state import P_ENDING, P_SLIDE_TO, Machine
from .voice import FADE_PERIODS, LONGEST_FADE_SECONDS, SHORTEST_FADE_SECONDS, has_ended
from .voice_wave import N_READERS, TAIL

LATE_NOTE_SECONDS = 0.25  # a note that comes so long after its key went up is not played
SHORTEST_HOLD_SECONDS = 0.06  # of a note that came after its key went up
STAND_IN_SEMITONES = 12


@kernel
def find_layer(m: Machine, layer: int, note: int) -> int:
    """Find the layer that has a key's note: the wanted one, else the pad's own, else any; or -1."""
    if m.keys[layer, note].has_note:
        return layer
    for other in range(min(m.state[0].n_layers, SLIDE_LAYER)):
        if m.keys[other, note].has_note:
            return other
    return -1


@kernel
def find_source(m: Machine, layer: int, note: int) -> tuple[int, int]:
    """Find the note to play: the key's own, else the nearest within an octave, else (-1, -1).

    Of two equally near the higher: read slower it gives no false frequencies.

    Returns:
        Its layer and its MIDI note.
    """
    for distance in range(STAND_IN_SEMITONES + 1):
        for side in range(2):
            near = note - distance if side else note + distance
            if 0 <= near < N_NOTES:
                found = find_layer(m, layer, near)
                if found >= 0:
                    return found, near
    return -1, -1


@kernel
def wanted_layer(m: Machine, voice: Record) -> int:
    """Give the layer that a voice is to read: its own, or its channel's where slide moves that."""
    state, channel = m.state[0], voice.channel
    if (
        state.targets[P_SLIDE_TO] > 0.0
        and voice.detached == 0
        and state.masters[channel] != channel
        and m.keys[SLIDE_LAYER + channel, voice.note].has_note
    ):
        return SLIDE_LAYER + int(channel)
    return int(voice.layer)


@kernel
def next_source(m: Machine, v: int) -> tuple[int, int]:
    """Give the layer and the MIDI note that a sounding voice is to read from now on.

    Where its layer has no note any more, it goes on with what it reads until the pad's own layer
    gets a newer one.
    """
    voice = m.voices[v]
    note, layer = int(voice.note), wanted_layer(m, voice)
    is_left_alone = voice.detached == 1 and voice.source_layer >= SLIDE_LAYER
    if not is_left_alone:
        if m.keys[layer, note].has_note:
            return layer, note
        own = m.keys[0, note]
        if own.has_note and (voice.source != note or own.stamp > voice.stamp):
            return 0, note
    return int(voice.source_layer), int(voice.source)


@kernel
def enter(
    m: Machine, v: int, which: int, key: Record, ratio: float, moment: float, elapsed: float
) -> None:
    """Set a voice's reader to a moment of a key's note.

    Args:
        m: The machine.
        v: The voice.
        which: Of its readers.
        key: Record of `key_dtype`, with a note.
        ratio: Of the stand-in; 1 for the key's own note.
        moment: Of the note, in frames at the voice's own pitch.
        elapsed: Since it began, likewise: more than `moment` when it has been held.
    """
    reader = m.readers[v, which]
    reader.slot, reader.n_frames = key.slot, key.n_frames
    reader.loop_start = reader.steady_start = key.loop_start
    reader.steady_end = key.loop_end
    reader.loop_gain, reader.gain = np.float32(key.loop_gain), np.float32(key.gain)
    reader.ratio = ratio
    reader.chance = m.voices[v].chance
    place(
        reader,
        m.pool[key.slot],
        max(moment, 0.0) * ratio,
        max(elapsed, 0.0) * ratio,
        is_held_on(m, m.voices[v]),
    )
    m.readers[v, which + TAIL].slot = 0


@kernel
def is_held_on(m: Machine, voice: Record) -> bool:
    """Say whether a voice's note is played on for as long as it is held."""
    return int(m.state[0].targets[P_ENDING]) == ENDLESS and voice.one_shot == 0


@kernel
def stand_in_ratio(note: int, source: int) -> float:
    """Give the step at which another key's note sounds at this one's pitch."""
    return math.pow(2.0, (note - source) / 12.0) if note != source else 1.0


@kernel
def read_from(voice: Record, layer: int, source: int, key: Record) -> None:
    """Note which note a voice reads from now on."""
    voice.source_layer, voice.source = layer, source
    voice.generation, voice.stamp = key.generation, key.stamp


@kernel
def set_free(m: Machine, v: int) -> None:
    """End a voice: it reads no slot of the pool any more."""
    m.voices[v].stage = IDLE
    for which in range(N_READERS):
        m.readers[v, which].slot = 0


@inlined
def begin_if_ready(m: Machine, v: int) -> None:
    """Start a waiting voice when there is a note for it; drop it when its time is over."""
    voice, state = m.voices[v], m.state[0]
    layer, source = find_source(m, wanted_layer(m, voice), int(voice.note))
    if source >= 0:
        key = m.keys[layer, source]
        ratio = stand_in_ratio(voice.note, source)
        enter(m, v, 0, key, ratio, voice.elapsed, voice.elapsed)
        read_from(voice, layer, source, key)
        begin(voice, int(SHORTEST_HOLD_SECONDS * state.sample_rate))
        voice.silent = 0
    elif voice.gated == 0 and voice.sustained == 0:
        voice.silent += BLOCK
        if voice.silent > LATE_NOTE_SECONDS * state.sample_rate:
            voice.stage = IDLE


@kernel
def follow_key(m: Machine, v: int) -> bool:
    """Begin the cross-fade to a newer note of the voice's key.

    Returns:
        Whether it looked for the phase, which costs some microseconds.
    """
    state = m.state[0]
    voice = m.voices[v]
    voice.looked = state.mail_seen
    layer, source = next_source(m, v)
    key = m.keys[layer, source]
    is_same = source == voice.source and layer == voice.source_layer
    if key.has_note == 0 or (is_same and key.generation == voice.generation):
        return False
    rate = state.sample_rate
    period = rate / (440.0 * math.pow(2.0, (voice.note - 69) / 12.0))
    fade_seconds = min(
        max(FADE_PERIODS * period / rate, SHORTEST_FADE_SECONDS), LONGEST_FADE_SECONDS
    )
    ratio = stand_in_ratio(voice.note, source)
    old, new = m.readers[v, voice.front], m.readers[v, 1 - voice.front]
    same_key = source == voice.source
    moment = old.position / old.ratio if old.shift > 0 else voice.elapsed
    is_same_wave = old.slot == key.slot and same_key
    read_from(voice, layer, source, key)
    if is_same_wave:
        return False  # two layers have one note in common
    ends = key.loop_end == 0 or not is_held_on(m, voice)
    too_short = ends and (voice.elapsed + fade_seconds * rate) * ratio >= key.n_frames
    if too_short and (same_key or not has_ended(old)):
        return False  # only a first part, shorter than what has sounded already
    voice.chance += 1
    enter(m, v, 1 - voice.front, key, ratio, moment, voice.elapsed)
    lag, likeness = best_lag(old, new, m.pool, period, state.align_scratch)
    new.position = max(new.position + lag * ratio, 0.0)
    voice.likeness = np.float32(likeness)
    voice.fade = np.float32(0.0)
    voice.fade_step = np.float32(BLOCK / (fade_seconds * rate))
    voice.fading = 1
    return True
