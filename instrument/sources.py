"""Which rendered note a voice reads: its own, a stand-in, a newer one to cross-fade to."""

import math

import numpy as np
from numpy.typing import NDArray

from .alignment import best_lag
from .allocator import begin
from .endless import ENDLESS, place
from .envelope import BLOCK, IDLE
from .kernels import Record, inlined, kernel
from .ring import N_NOTES
from .state import P_ENDING, Machine
from .voice import FADE_PERIODS, LONGEST_FADE_SECONDS, SHORTEST_FADE_SECONDS, has_ended
from .voice_wave import N_READERS, TAIL

LATE_NOTE_SECONDS = 0.25  # a note that comes so long after its key went up is not played
SHORTEST_HOLD_SECONDS = 0.06  # of a note that came after its key went up
STAND_IN_SEMITONES = 12


@kernel
def find_source(keys: NDArray[Record], note: int) -> int:
    """Find the note to play: the key's own, else the nearest within an octave, else -1.

    Of two equally near the higher: read slower it gives no false frequencies.
    """
    for distance in range(STAND_IN_SEMITONES + 1):
        if note + distance < N_NOTES and keys[note + distance].has_note:
            return note + distance
        if note - distance >= 0 and keys[note - distance].has_note:
            return note - distance
    return -1


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
def set_free(m: Machine, v: int) -> None:
    """End a voice: it reads no slot of the pool any more."""
    m.voices[v].stage = IDLE
    for which in range(N_READERS):
        m.readers[v, which].slot = 0


@inlined
def begin_if_ready(m: Machine, v: int) -> None:
    """Start a waiting voice when there is a note for it; drop it when its time is over."""
    voice, state = m.voices[v], m.state[0]
    source = find_source(m.keys, voice.note)
    if source >= 0:
        key = m.keys[source]
        ratio = stand_in_ratio(voice.note, source)
        enter(m, v, 0, key, ratio, voice.elapsed, voice.elapsed)
        voice.source, voice.generation = source, key.generation
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
    source = voice.note if m.keys[voice.note].has_note else voice.source
    key = m.keys[source]
    if key.has_note == 0 or (source == voice.source and key.generation == voice.generation):
        return False
    rate = state.sample_rate
    period = rate / (440.0 * math.pow(2.0, (voice.note - 69) / 12.0))
    fade_seconds = min(
        max(FADE_PERIODS * period / rate, SHORTEST_FADE_SECONDS), LONGEST_FADE_SECONDS
    )
    ratio = stand_in_ratio(voice.note, source)
    old, new = m.readers[v, voice.front], m.readers[v, 1 - voice.front]
    same_key = source == voice.source
    voice.source, voice.generation = source, key.generation
    moment = old.position / old.ratio if old.shift > 0 else voice.elapsed
    too_short = (key.loop_end == 0 or not is_held_on(m, voice)) and (
        voice.elapsed + fade_seconds * rate
    ) * ratio >= key.n_frames
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
