"""Which rendered note a voice reads: its own, a stand-in, a newer one to cross-fade to."""

import math

import numpy as np

from .alignment import best_lag, compare
from .allocator import begin
from .endless import ENDLESS, place
from .envelope import BLOCK, IDLE
from .kernels import Record, inlined, kernel
from .layers import N_OWN_LAYERS, OWN_LAYER
from .ring import N_NOTES
from .state import P_ENDING, P_MOTION_PER, P_PRESSURE_TO, P_SLIDE_TO, Machine
from .voice import fade_seconds, has_ended
from .voice_wave import N_READERS, TAIL

LATE_NOTE_SECONDS = 0.25  # a note that comes so long after its key went up is not played
SHORTEST_HOLD_SECONDS = 0.06  # of a note that came after its key went up
STAND_IN_SEMITONES = 12
CROP_END_BLOCKS = 16  # before a crop's end, that it must last when it is entered
RUN_OUT_SECONDS = 0.1
LEAST_LIKENESS = 0.3  # of a note that goes on in the phases of another; else they are not in step


@kernel
def find_layer(m: Machine, layer: int, note: int) -> int:
    """Find the layer that has a key's note: the wanted one, else the pad's own, else any; or -1."""
    if m.keys[layer, note].has_note:
        return layer
    for other in range(min(m.state[0].n_layers, OWN_LAYER)):
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
def own_layer(m: Machine, voice: Record) -> int:
    """Find the layer in which a voice's note has a timbre of its own, or -1.

    A member of an MPE zone has its channel's; other notes share those that no member has.
    """
    state, channel, note = m.state[0], voice.channel, voice.note
    targets = state.targets
    if targets[P_SLIDE_TO] + targets[P_PRESSURE_TO] + targets[P_MOTION_PER] == 0.0:
        return -1
    if state.masters[channel] != channel:
        return OWN_LAYER + int(channel) if m.keys[OWN_LAYER + channel, note].has_note else -1
    for other in range(N_OWN_LAYERS):
        if state.masters[other] == other and m.keys[OWN_LAYER + other, note].has_note:
            return OWN_LAYER + other
    return -1


@kernel
def wanted_layer(m: Machine, voice: Record) -> int:
    """Give the layer that a voice is to read: its note's own, where it has one, or its strike's."""
    own = own_layer(m, voice) if voice.detached == 0 else -1
    return own if own >= 0 else int(voice.layer)


@kernel
def next_source(m: Machine, v: int) -> tuple[int, int]:
    """Give the layer and the MIDI note that a sounding voice is to read from now on.

    Where its layer has no note any more, it goes on with what it reads until the pad's own layer
    gets a newer one.
    """
    voice = m.voices[v]
    note, layer = int(voice.note), wanted_layer(m, voice)
    is_left_alone = voice.detached == 1 and voice.source_layer >= OWN_LAYER
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
    reader.first_frame = key.first_frame
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
    voice.stamp, voice.timbre = key.stamp, key.timbre


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
def covers(key: Record, moment: float) -> bool:
    """Say whether a crop can be entered at a moment, in its frames; other notes always can."""
    if key.first_frame == 0:
        return True
    return key.first_frame + BLOCK <= moment < key.n_frames - CROP_END_BLOCKS * BLOCK


@kernel
def is_onward(m: Machine, voice: Record, old: Record, layer: int, source: int) -> bool:
    """Say whether there is a note that a voice is to go on with, in its phases.

    What sounds as it does already is no news, unless it plays a crop and the whole note has come.
    """
    key = m.keys[layer, N_NOTES + source]
    if key.has_note == 0 or key.stamp <= voice.stamp or source != voice.source:
        return False
    if key.timbre == voice.timbre and (old.first_frame == 0 or key.first_frame > 0):
        return False
    place = old.position - key.later
    if place < key.first_frame + BLOCK:
        voice.looked = -1  # its time will come
    return covers(key, place) or old.shift > 0


@kernel
def runs_out(m: Machine, voice: Record, old: Record) -> bool:
    """Say whether a voice's note ends soon: it was only a beginning, perhaps."""
    if old.first_frame > 0 or (old.steady_end > 0 and is_held_on(m, voice)):
        return False
    return old.n_frames - old.position < RUN_OUT_SECONDS * m.state[0].sample_rate


@kernel
def choose_note(m: Machine, v: int) -> tuple[int, int, int]:
    """Give the layer, the MIDI note and the box of what a sounding voice is to go over to.

    The box is -1 where it plays on as it does.
    """
    voice = m.voices[v]
    layer, source = next_source(m, v)
    old = m.readers[v, voice.front]
    if is_onward(m, voice, old, layer, source):
        return layer, source, N_NOTES + source
    key = m.keys[layer, source]
    if key.has_note == 0:
        return layer, source, -1
    if source == voice.source and layer == voice.source_layer:
        if key.stamp <= voice.stamp:
            return layer, source, -1
        if key.is_followed == 0 and not runs_out(m, voice, old):
            if old.steady_end == 0:
                voice.looked = -1  # it may be in need later
            return layer, source, -1
    return layer, source, source


@kernel
def align(m: Machine, v: int, is_onward: bool, period: float) -> tuple[float, float]:
    """Shift the reader that a voice goes over to into the phase of the one that plays.

    What was made to go on in its phases is there already, unless the voice has jumped meanwhile.

    Args:
        m: The machine.
        v: The voice.
        is_onward: Whether it was made so.
        period: Of the pitch, in frames.

    Returns:
        How alike the two are then, 0..1, and the level of the new one re the old one.
    """
    voice, scratch = m.voices[v], m.state[0].align_scratch
    old, new = m.readers[v, voice.front], m.readers[v, 1 - voice.front]
    there, likeness, balance = new.position, 0.0, 1.0
    if is_onward:
        likeness, balance = compare(old, new, m.pool, period, scratch)
        if likeness >= LEAST_LIKENESS:
            return likeness, balance
    lag, _ = best_lag(old, new, m.pool, period, scratch)
    new.position = max(new.position + lag * new.ratio, 0.0)
    shifted, shifted_balance = compare(old, new, m.pool, period, scratch)
    if is_onward and shifted < likeness + LEAST_LIKENESS:
        new.position = there
        return max(likeness, 0.0), balance
    return max(shifted, 0.0), shifted_balance


@kernel
def follow_key(m: Machine, v: int) -> bool:
    """Begin the cross-fade to a newer note of the voice's key.

    Returns:
        Whether it looked for the phase, which costs some microseconds.
    """
    state = m.state[0]
    voice = m.voices[v]
    voice.looked = state.mail_seen
    layer, source, box = choose_note(m, v)
    if box < 0:
        return False
    key = m.keys[layer, box]
    ratio = stand_in_ratio(voice.note, source)
    old = m.readers[v, voice.front]
    same_key = source == voice.source
    is_in_place = box >= N_NOTES or old.shift > 0 or old.first_frame > 0
    moment = (old.position - key.later) / old.ratio if is_in_place else voice.elapsed
    if not covers(key, moment * ratio):
        moment = (key.first_frame + (key.n_frames - key.first_frame) / 3) / ratio
    is_same_wave = old.slot == key.slot and same_key
    read_from(voice, layer, source, key)
    if is_same_wave:
        return False  # two layers have one note in common
    rate = state.sample_rate
    period = rate / (440.0 * math.pow(2.0, (voice.note - 69) / 12.0))
    ends = key.first_frame == 0 and (key.loop_end == 0 or not is_held_on(m, voice))
    soonest = voice.elapsed + fade_seconds(period / rate, 1.0, 1.0) * rate
    if ends and soonest * ratio >= key.n_frames and (same_key or not has_ended(old)):
        return False  # only a first part, shorter than what has sounded already
    voice.chance += 1
    enter(m, v, 1 - voice.front, key, ratio, moment, voice.elapsed)
    likeness, balance = align(m, v, box >= N_NOTES, period)
    voice.likeness, voice.balance = np.float32(likeness), np.float32(balance)
    voice.fade = np.float32(0.0)
    seconds = fade_seconds(period / rate, likeness, balance)
    voice.fade_step = np.float32(BLOCK / (seconds * rate))
    voice.fading = 1
    return True
