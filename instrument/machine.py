"""What runs in real time: events and notes in, inner blocks of 64 frames out.

Nothing here touches Python, allocates, waits or raises, so the sound card's own thread may run
it. What goes wrong is counted. `render_block` tells the story; `fill` cuts it to any length, and
keeps what is left over, so the device's block size does not change a single bit.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .alignment import SCRATCH, best_lag
from .allocator import (
    begin,
    is_sounding,
    lift,
    pedal_up,
    press,
    release_all,
    take_all_away,
)
from .effects import limit_block, limiter_coefficient
from .envelope import (
    BLOCK,
    IDLE,
    N_ROWS,
    RELEASE,
    WAITING,
    envelope_block,
    envelope_coefficients,
)
from .filter import (
    A1,
    D_A1,
    LANES,
    N_LANE_ROWS,
    OPEN_HZ,
    STATE_1,
    STATE_2,
    filter_coefficients,
    filter_lanes,
)
from .kernels import Record, fence, inlined, kernel
from .parameters import BY_NAME, PARAMETERS
from .ring import (
    ALL_NOTES_OFF,
    BEND,
    CLIP,
    N_NOTES,
    NOTE_OFF,
    NOTE_ON,
    PANIC,
    PEDAL,
    RING_SIZE,
    TEST_TONE,
    event_dtype,
    key_dtype,
    take_note,
)
from .voice import (
    END_SECONDS,
    FADE_PERIODS,
    LONGEST_FADE_SECONDS,
    SHORTEST_FADE_SECONDS,
    has_ended,
    reader_dtype,
    voice_dtype,
    voice_wave,
)

MAXIMUM_VOICES = 256
GHOSTS = 32  # voices beyond those that may sound, in which stolen ones fade out
N_CHANNELS = 16

STEAL_SECONDS, RESTRIKE_SECONDS, PANIC_SECONDS = 0.003, 0.030, 0.005
GLIDE_SECONDS = 0.010  # in which a moved parameter covers two thirds of its way
BEND_SECONDS = 0.004
GLIDE_END = 1e-4  # of the target: near enough
LATE_NOTE_SECONDS = 0.25  # a note that comes so long after its key went up is not played
SHORTEST_HOLD_SECONDS = 0.06  # of a note that came after its key went up
LINGER_SECONDS = 1.0  # a held note that ran out waits so long for the rest of it
STAND_IN_SEMITONES = 12
ALIGNMENTS = 1  # cross-fades that may begin in one inner block, so that no block is dear
INAUDIBLE = np.float32(1e-5)
BROKEN = 1e12  # energy of a block beyond which a voice must be broken
STAMPED_FRAMES = 256  # blocks longer than this place events by their time stamps
VELOCITY_EXPONENT = 2.0  # at velocity_level 1: 40 dB from the softest to the loudest
VELOCITY_OCTAVES = 5.0  # that velocity_cutoff 1 closes the filter for the softest note
SPREAD_SEMITONES = 36.0  # from middle C to the side
MIDDLE_C = 60

TONE_SECONDS, TONE_DECAY_SECONDS, TONE_ATTACK_SECONDS = 0.8, 0.2, 0.004
TONE_HZ, TONE_LEVEL = 440.0, 0.35

ROWS = {parameter.name: row for row, parameter in enumerate(PARAMETERS)}
P_ATTACK, P_DECAY, P_SUSTAIN, P_RELEASE = (
    ROWS[name] for name in ("attack", "decay", "sustain", "release")
)
P_CUTOFF, P_RESONANCE, P_KEY_TRACKING, P_VELOCITY_CUTOFF = (
    ROWS[name] for name in ("cutoff", "resonance", "key_tracking", "velocity_cutoff")
)
P_VIBRATO_DEPTH, P_VIBRATO_RATE, P_BEND_RANGE, P_TUNE = (
    ROWS[name] for name in ("vibrato_depth", "vibrato_rate", "bend_range", "tune")
)
P_VELOCITY_LEVEL, P_PAN, P_SPREAD, P_VOLUME = (
    ROWS[name] for name in ("velocity_level", "pan", "spread", "volume")
)
N_PARAMETERS = len(PARAMETERS)
LOWEST_VOLUME_DB = BY_NAME["volume"].minimum  # the bottom of the knob is silence

state_dtype = np.dtype(
    [
        ("sample_rate", np.float64),
        ("n_voices", np.int64),  # that may sound at once
        ("steal_blocks", np.int64),  # lengths of fades
        ("restrike_blocks", np.int64),
        ("panic_blocks", np.int64),
        ("glide", np.float64),  # share of its way that a parameter takes in a block
        ("bend_glide", np.float64),
        ("recovery", np.float64),  # of the limiter
        ("ring_read", np.int64),  # events taken so far
        ("mail_seen", np.int64),  # `mail_count` when the mailboxes were last looked through
        ("vibrato_phase", np.float64),  # cycles
        ("volume", np.float64),  # gain at the end of the last block
        ("limiter_gain", np.float32),
        ("pan_moving", np.int64),
        ("filter_moving", np.int64),
        ("tone_left", np.int64),  # frames of the test tone still to play
        ("clip_slot", np.int64, 2),  # of the recording that plays, and of the one that it cut off
        ("clip_place", np.int64, 2),  # frame that comes next
        ("clip_left", np.int64, 2),  # frames still to play
        ("left_over", np.int64),  # frames of `block` not yet handed out
        ("frame", np.int64),  # first frame of the inner block now made
        ("origin_frame", np.int64),  # frame that `origin_seconds` maps to
        ("origin_seconds", np.float64),  # negative: time stamps are not used
        ("blocks", np.int64),  # calls from the device
        ("late_blocks", np.int64),  # that took longer than they last
        ("underflows", np.int64),  # that the device reported
        ("stolen", np.int64),
        ("broken", np.int64),  # voices silenced because their samples were not numbers
        ("n_sounding", np.int64),
        ("load", np.float64),
        ("peak_left", np.float64),
        ("peak_right", np.float64),
        ("clock_function", np.uint64),
        ("clock_id", np.int64),  # of clock_gettime; ticks a second of QueryPerformanceCounter
        ("mail_count", np.int64),  # notes published so far; written by `publish`
        ("targets", np.float64, (N_PARAMETERS,)),  # where the knobs stand; written by `post`
        ("values", np.float64, (N_PARAMETERS,)),  # gliding there
        ("bends", np.float64, (3, N_CHANNELS)),  # target, value, note frames per frame
        ("pedals", np.int64, (N_CHANNELS,)),  # 1: down
        ("order", np.int64, (2, MAXIMUM_VOICES + GHOSTS)),  # voices to filter; with open filter
        ("rates", np.float64, (N_ROWS,)),  # seconds that the curves were made for
        ("clock", np.int64, (2,)),  # where the system writes the time
        ("curves", np.float32, (N_ROWS, BLOCK)),  # of the envelope
        ("waves", np.float32, (LANES, BLOCK)),  # of the voices now made
        ("levels", np.float32, (LANES, BLOCK)),  # of their envelopes
        ("lanes", np.float32, (N_LANE_ROWS, LANES)),  # of their filters
        ("lane_scratch", np.float32, (BLOCK, LANES)),
        ("align_scratch", np.float32, (2, SCRATCH)),
        ("mix", np.float32, (2, BLOCK)),
        ("block", np.float32, (BLOCK, 2)),  # the inner block as it goes out
    ]
)


class Machine(NamedTuple):
    """All arrays that the kernels work on; the callback finds them through their addresses."""

    state: NDArray[Any]  # [1] of state_dtype
    mail: NDArray[Any]  # [note] of key_dtype, as published
    keys: NDArray[Any]  # [note] of key_dtype, as the engine has taken them over
    ring: NDArray[Any]  # [event] of event_dtype
    voices: NDArray[Any]  # [voice] of voice_dtype
    readers: NDArray[Any]  # [voice, 2] of reader_dtype
    pool: NDArray[np.float32]  # [slot, frame]


@inlined
def take_notes(m: Machine) -> None:
    """Take over the notes that were published since the last block."""
    state = m.state[0]
    count = state.mail_count
    if state.mail_seen == count:
        return
    fence()
    complete = True
    for note in range(N_NOTES):
        if m.mail[note].generation != m.keys[note].generation:
            complete = take_note(m.mail[note], m.keys[note]) and complete
    if complete:
        state.mail_seen = count


@inlined
def is_due(state: Record, time_seconds: float) -> bool:
    """Say whether an event belongs into the inner block now made.

    Blocks of up to 256 frames take events at their start: placing them by their time would
    double the delay to gain 5 ms of evenness. Longer blocks place an event where it was in the
    previous block, so that a fast passage stays even.
    """
    if state.origin_seconds < 0.0 or time_seconds == 0.0:
        return True
    offset = (time_seconds - state.origin_seconds) * state.sample_rate
    return state.origin_frame + offset < state.frame + BLOCK


@inlined
def take_events(m: Machine) -> None:
    """Take the events that are due off the ring."""
    state = m.state[0]
    while True:
        event = m.ring[state.ring_read % RING_SIZE]
        if event.sequence != state.ring_read + 1:
            return
        fence()
        if not is_due(state, event.time_seconds):
            return
        obey(m, event)
        fence()
        state.ring_read += 1


@inlined
def obey(m: Machine, event: Record) -> None:
    """Do what one event says."""
    state = m.state[0]
    kind, channel = event.kind, event.channel
    if kind == NOTE_ON:
        start_note(m, event.number, channel, int(event.value))
    elif kind == NOTE_OFF:
        lift(m.voices, event.number, channel, state.pedals[channel] == 1)
    elif kind == PEDAL:
        state.pedals[channel] = int(event.value)
        if state.pedals[channel] == 0:
            pedal_up(m.voices, channel)
    elif kind == BEND:
        state.bends[0, channel] = event.value
    elif kind == ALL_NOTES_OFF:
        release_all(m.voices)
    elif kind == PANIC:
        take_all_away(m.voices, state.panic_blocks)
        for other in range(N_CHANNELS):
            state.pedals[other] = 0
        state.tone_left = state.clip_left[0] = state.clip_left[1] = 0
    elif kind == TEST_TONE:
        state.tone_left = int(TONE_SECONDS * state.sample_rate)
    elif kind == CLIP:
        start_clip(state, event.number, int(event.value))


@inlined
def start_clip(state: Record, slot: int, n_frames: int) -> None:
    """Play a recording; the one before fades out within a block."""
    state.clip_slot[1] = state.clip_slot[0]
    state.clip_place[1] = state.clip_place[0]
    state.clip_left[1] = min(state.clip_left[0], BLOCK)
    state.clip_slot[0], state.clip_place[0], state.clip_left[0] = slot, 0, n_frames


@inlined
def start_note(m: Machine, note: int, channel: int, velocity: int) -> None:
    """Give a note a voice; its sound starts when its rendered note is there, mostly at once."""
    state = m.state[0]
    v, stolen = press(
        m.voices,
        note,
        channel,
        velocity,
        state.n_voices,
        state.steal_blocks,
        state.restrike_blocks,
        state.sample_rate,
    )
    state.stolen += stolen
    voice = m.voices[v]
    exponent = VELOCITY_EXPONENT * state.values[P_VELOCITY_LEVEL]
    voice.gain = np.float32(math.pow(velocity / 127.0, exponent))
    voice.loudness = voice.gain
    voice.source = -1
    voice.front = 0
    m.readers[v, 0].slot = 0
    m.readers[v, 1].slot = 0
    voice.left, voice.right = pan_gains(state.values, note)
    aim_filter(voice, state.values, state.sample_rate)
    voice.a1, voice.a2, voice.a3 = voice.a1_after, voice.a2_after, voice.a3_after
    voice.wet = voice.wet_after
    voice.state_1 = voice.state_2 = np.float32(0.0)


@inlined
def glide(m: Machine) -> None:
    """Move the parameters a block nearer to where the knobs stand."""
    state = m.state[0]
    values, targets = state.values, state.targets
    state.pan_moving = values[P_PAN] != targets[P_PAN] or values[P_SPREAD] != targets[P_SPREAD]
    state.filter_moving = (
        values[P_CUTOFF] != targets[P_CUTOFF]
        or values[P_RESONANCE] != targets[P_RESONANCE]
        or values[P_KEY_TRACKING] != targets[P_KEY_TRACKING]
        or values[P_VELOCITY_CUTOFF] != targets[P_VELOCITY_CUTOFF]
    )
    for row in range(N_PARAMETERS):
        if values[row] != targets[row]:
            values[row] = nearer(values[row], targets[row], state.glide, row == P_CUTOFF)
    if (
        state.rates[0] != targets[P_ATTACK]
        or state.rates[1] != targets[P_DECAY]
        or state.rates[2] != targets[P_RELEASE]
    ):
        state.rates[0], state.rates[1], state.rates[2] = (
            targets[P_ATTACK],
            targets[P_DECAY],
            targets[P_RELEASE],
        )
        envelope_coefficients(
            state.rates[0], state.rates[1], state.rates[2], state.sample_rate, state.curves
        )


@kernel
def nearer(value: float, target: float, share: float, in_octaves: bool) -> float:
    """Go a share of the way to a target, and the whole way when it is near."""
    after = (
        value * math.pow(target / value, share) if in_octaves else value + share * (target - value)
    )
    return target if abs(after - target) <= GLIDE_END * (abs(target) + GLIDE_END) else after


@inlined
def turn_pitch(m: Machine) -> None:
    """Find each channel's step: tune, vibrato and bend."""
    state = m.state[0]
    values = state.values
    state.vibrato_phase += BLOCK * values[P_VIBRATO_RATE] / state.sample_rate
    state.vibrato_phase -= math.floor(state.vibrato_phase)
    cents = values[P_TUNE]
    if values[P_VIBRATO_DEPTH] > 0.0:
        cents += values[P_VIBRATO_DEPTH] * math.sin(2.0 * math.pi * state.vibrato_phase)
    common = math.pow(2.0, cents / 1200.0) if cents != 0.0 else 1.0
    for channel in range(N_CHANNELS):
        target, value = state.bends[0, channel], state.bends[1, channel]
        if value != target:
            value = nearer(value, target, state.bend_glide, False)
            state.bends[1, channel] = value
        step = common
        if value != 0.0:
            step *= math.pow(2.0, value * values[P_BEND_RANGE] / 12.0)
        state.bends[2, channel] = step


@kernel
def pan_gains(values: NDArray[np.float64], note: int) -> tuple[np.float32, np.float32]:
    """Give a note's gains left and right, equal-power."""
    place = values[P_PAN] + values[P_SPREAD] * (note - MIDDLE_C) / SPREAD_SEMITONES
    angle = (min(max(place, -1.0), 1.0) + 1.0) * (math.pi / 4.0)
    return np.float32(math.cos(angle)), np.float32(math.sin(angle))


@kernel
def aim_filter(voice: Record, values: NDArray[np.float64], sample_rate: float) -> None:
    """Set where a voice's filter is to be at the end of the block."""
    octaves = values[P_KEY_TRACKING] * (voice.note - MIDDLE_C) / 12.0
    octaves -= VELOCITY_OCTAVES * values[P_VELOCITY_CUTOFF] * (1.0 - voice.velocity / 127.0)
    cutoff_hz = min(values[P_CUTOFF] * math.pow(2.0, octaves), OPEN_HZ)
    resonance = values[P_RESONANCE]
    a1, a2, a3 = filter_coefficients(cutoff_hz, resonance, sample_rate)
    voice.a1_after, voice.a2_after, voice.a3_after = np.float32(a1), np.float32(a2), np.float32(a3)
    is_open = cutoff_hz >= OPEN_HZ and resonance == 0.0
    voice.wet_after = np.float32(0.0) if is_open else np.float32(1.0)


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
def enter(reader: Record, key: Record, ratio: float, elapsed: float) -> None:
    """Set a reader to a moment of a key's note.

    Args:
        reader: Record of `reader_dtype`.
        key: Record of `key_dtype`, with a note.
        ratio: Of the stand-in; 1 for the key's own note.
        elapsed: The moment, in frames at the voice's own pitch.
    """
    reader.slot, reader.n_frames = key.slot, key.n_frames
    reader.loop_start, reader.loop_end = key.loop_start, key.loop_end
    reader.loop_gain, reader.gain = np.float32(key.loop_gain), np.float32(key.gain)
    reader.ratio = ratio
    reader.position = max(elapsed, 0.0) * ratio
    if key.loop_end > 0 and reader.position >= key.loop_end:
        length = key.loop_end - key.loop_start
        jumps = math.floor((reader.position - key.loop_end) / length) + 1.0
        reader.position -= jumps * length
        reader.gain *= np.float32(math.pow(key.loop_gain, jumps))


@kernel
def stand_in_ratio(note: int, source: int) -> float:
    """Give the step at which another key's note sounds at this one's pitch."""
    return math.pow(2.0, (note - source) / 12.0) if note != source else 1.0


@kernel
def set_free(m: Machine, v: int) -> None:
    """End a voice: it reads no slot of the pool any more."""
    m.voices[v].stage = IDLE
    m.readers[v, 0].slot = 0
    m.readers[v, 1].slot = 0


@inlined
def begin_if_ready(m: Machine, v: int) -> None:
    """Start a waiting voice when there is a note for it; drop it when its time is over."""
    voice, state = m.voices[v], m.state[0]
    source = find_source(m.keys, voice.note)
    if source >= 0:
        key = m.keys[source]
        enter(m.readers[v, 0], key, stand_in_ratio(voice.note, source), 0.0)
        voice.source, voice.generation, voice.elapsed = source, key.generation, 0.0
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
    too_short = key.loop_end == 0 and (voice.elapsed + fade_seconds * rate) * ratio >= key.n_frames
    if too_short and (same_key or not has_ended(old)):
        return False  # only a first part, shorter than what has sounded already
    enter(new, key, ratio, voice.elapsed)
    lag, likeness = best_lag(old, new, m.pool, period, state.align_scratch)
    enter(new, key, ratio, voice.elapsed + lag)
    voice.likeness = np.float32(likeness)
    voice.fade = np.float32(0.0)
    voice.fade_step = np.float32(BLOCK / (fade_seconds * rate))
    voice.fading = 1
    return True


@inlined
def prepare_voices(m: Machine) -> tuple[int, int]:
    """Bring every voice up to this block, and list those that sound.

    Returns:
        How many of `order[0]` are to be filtered, and how many of `order[1]` need no filter.
    """
    state = m.state[0]
    n_filtered = n_open = n = 0
    left = ALIGNMENTS
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.stage == IDLE:
            continue
        if voice.stage == WAITING:
            begin_if_ready(m, v)
        elif left > 0 and voice.fading == 0 and voice.kill_step == 0.0:
            left -= follow_key(m, v)
        voice.age += BLOCK
        if voice.stage in (IDLE, WAITING):
            continue
        if voice.hold > 0:
            voice.hold = max(voice.hold - BLOCK, 0)
            if voice.hold == 0:
                voice.stage = RELEASE
        if voice.fading == 0 and has_ended(m.readers[v, voice.front]):
            voice.silent += BLOCK
            held = voice.gated == 1 or voice.sustained == 1
            if not held or voice.silent > LINGER_SECONDS * state.sample_rate:
                set_free(m, v)
            continue
        voice.silent = 0
        if state.filter_moving:
            aim_filter(voice, state.values, state.sample_rate)
        if voice.wet > 0.0 or voice.wet_after > 0.0:
            state.order[0, n_filtered] = v
            n_filtered += 1
        else:
            state.order[1, n_open] = v
            n_open += 1
        n += is_sounding(voice)
    state.n_sounding = n
    return n_filtered, n_open


@kernel
def shape(
    wave: NDArray[np.float32],
    level: NDArray[np.float32],
    start: np.float32,
    end: np.float32,
) -> float:
    """Multiply a wave by its envelope and a ramp, in place; give its energy."""
    energy = np.float32(0.0)
    slope = (end - start) / np.float32(BLOCK)
    for i in range(BLOCK):
        wave[i] *= level[i] * (start + slope * np.float32(i))
        energy += wave[i] * wave[i]
    return float(energy)


@kernel
def add_wave(
    wave: NDArray[np.float32],
    start: np.float32,
    end: np.float32,
    out: NDArray[np.float32],
) -> None:
    """Add a wave to one side of the mix, with a ramping gain."""
    slope = (end - start) / np.float32(BLOCK)
    for i in range(BLOCK):
        out[i] += wave[i] * (start + slope * np.float32(i))


@kernel
def clear(row: NDArray[np.float32]) -> None:
    """Silence a row, float32 [64]."""
    for i in range(BLOCK):
        row[i] = np.float32(0.0)


@inlined
def filter_group(m: Machine, first: int, n: int) -> None:
    """Filter up to sixteen waves side by side."""
    state = m.state[0]
    share = np.float32(1.0 / BLOCK)
    for lane in range(n, LANES):
        clear(state.waves[lane])
        for row in range(N_LANE_ROWS):
            state.lanes[row, lane] = np.float32(0.0)
    for lane in range(n):
        voice = m.voices[state.order[0, first + lane]]
        state.lanes[A1, lane], state.lanes[A1 + 1, lane] = voice.a1, voice.a2
        state.lanes[A1 + 2, lane], state.lanes[A1 + 3, lane] = voice.a3, voice.wet
        state.lanes[D_A1, lane] = share * (voice.a1_after - voice.a1)
        state.lanes[D_A1 + 1, lane] = share * (voice.a2_after - voice.a2)
        state.lanes[D_A1 + 2, lane] = share * (voice.a3_after - voice.a3)
        state.lanes[D_A1 + 3, lane] = share * (voice.wet_after - voice.wet)
        state.lanes[STATE_1, lane], state.lanes[STATE_2, lane] = voice.state_1, voice.state_2
    filter_lanes(state.waves, state.lanes, state.lane_scratch)
    for lane in range(n):
        voice = m.voices[state.order[0, first + lane]]
        voice.a1, voice.a2, voice.a3 = voice.a1_after, voice.a2_after, voice.a3_after
        voice.wet = voice.wet_after
        voice.state_1, voice.state_2 = state.lanes[STATE_1, lane], state.lanes[STATE_2, lane]
        if voice.wet == 0.0:
            voice.state_1 = voice.state_2 = np.float32(0.0)


@kernel
def mix_voice(
    m: Machine, voice: Record, wave: NDArray[np.float32], level: NDArray[np.float32]
) -> None:
    """Give a voice's wave its envelope and its place, and see whether it is over."""
    state = m.state[0]
    start = voice.kill
    end = max(start - voice.kill_step, np.float32(0.0))
    voice.kill = end
    energy = shape(wave, level, start * voice.gain, end * voice.gain)
    if not energy < BROKEN:  # also when it is not a number
        state.broken += 1
        voice.stage = IDLE
        return
    left, right = voice.left, voice.right
    if state.pan_moving:
        voice.left, voice.right = pan_gains(state.values, voice.note)
    add_wave(wave, left, voice.left, state.mix[0])
    add_wave(wave, right, voice.right, state.mix[1])
    now = np.float32(math.sqrt(2.0 * energy / BLOCK))
    voice.loudness = max(now, np.float32(0.9) * voice.loudness)
    if end == 0.0:
        voice.stage = IDLE
    if voice.gated == 0 and voice.sustained == 0 and voice.hold == 0 and voice.loudness < INAUDIBLE:
        voice.stage = IDLE


@kernel
def render_group(m: Machine, row: int, first: int, n: int) -> None:
    """Add up to sixteen voices of one list to the mix."""
    state = m.state[0]
    end_frames = END_SECONDS * state.sample_rate
    sustain = np.float32(state.values[P_SUSTAIN])
    for lane in range(n):
        v = state.order[row, first + lane]
        voice = m.voices[v]
        step = state.bends[2, voice.channel]
        voice_wave(voice, m.readers[v], m.pool, step, end_frames, state.waves[lane])
    if row == 0:
        filter_group(m, first, n)
    for lane in range(n):
        v = state.order[row, first + lane]
        voice = m.voices[v]
        level = state.levels[lane]
        voice.stage = envelope_block(voice.stage, voice.level, sustain, state.curves, level)
        voice.level = level[BLOCK - 1]
        mix_voice(m, voice, state.waves[lane], level)
        if voice.stage == IDLE:
            set_free(m, v)


@inlined
def add_tone(m: Machine) -> None:
    """Add the test sound: a soft struck A."""
    state = m.state[0]
    rate = state.sample_rate
    total = int(TONE_SECONDS * rate)
    for i in range(min(BLOCK, state.tone_left)):
        seconds = (total - state.tone_left + i) / rate
        fade_in = min(seconds / TONE_ATTACK_SECONDS, 1.0)
        fade_out = min((TONE_SECONDS - seconds) / TONE_DECAY_SECONDS, 1.0)
        level = TONE_LEVEL * fade_in * fade_out * math.exp(-seconds / TONE_DECAY_SECONDS)
        turn = 2.0 * math.pi * TONE_HZ * seconds
        wave = np.float32(level * (math.sin(turn) + 0.3 * math.sin(2.0 * turn)))
        state.mix[0, i] += wave
        state.mix[1, i] += wave
    state.tone_left = max(state.tone_left - BLOCK, 0)


@inlined
def add_clips(m: Machine) -> None:
    """Add the recording that plays, and the last block of the one that it cut off."""
    state = m.state[0]
    for k in range(2):
        slot, place, n = state.clip_slot[k], state.clip_place[k], min(BLOCK, state.clip_left[k])
        for i in range(n):
            fade = np.float32(1.0 - (i + 1) / BLOCK) if k == 1 else np.float32(1.0)
            wave = fade * m.pool[slot, place + i]
            state.mix[0, i] += wave
            state.mix[1, i] += wave
        state.clip_place[k] += n
        state.clip_left[k] -= n


@inlined
def volume_gain(volume_db: float) -> float:
    """Turn the volume into a gain."""
    return math.pow(10.0, volume_db / 20.0) if volume_db > LOWEST_VOLUME_DB else 0.0


@inlined
def finish(m: Machine) -> None:
    """Volume, limiter, peaks, and the block as the device wants it."""
    state = m.state[0]
    after = volume_gain(state.values[P_VOLUME])
    slope = (after - state.volume) / BLOCK
    for i in range(BLOCK):
        gain = np.float32(state.volume + slope * (i + 1))
        state.mix[0, i] *= gain
        state.mix[1, i] *= gain
    state.volume = after
    state.limiter_gain = limit_block(state.mix, state.limiter_gain, state.recovery)
    for i in range(BLOCK):
        state.block[i, 0] = state.mix[0, i]
        state.block[i, 1] = state.mix[1, i]
        state.peak_left = max(state.peak_left, abs(state.mix[0, i]))
        state.peak_right = max(state.peak_right, abs(state.mix[1, i]))


@inlined
def render_block(m: Machine) -> None:
    """Make one inner block: events, notes, parameters, voices, effects."""
    state = m.state[0]
    take_notes(m)
    take_events(m)
    glide(m)
    turn_pitch(m)
    n_filtered, n_open = prepare_voices(m)
    clear(state.mix[0])
    clear(state.mix[1])
    for first in range(0, n_filtered, LANES):
        render_group(m, 0, first, min(LANES, n_filtered - first))
    for first in range(0, n_open, LANES):
        render_group(m, 1, first, min(LANES, n_open - first))
    if state.tone_left > 0:
        add_tone(m)
    if state.clip_left[0] + state.clip_left[1] > 0:
        add_clips(m)
    finish(m)
    state.frame += BLOCK


@inlined
def fill(m: Machine, out: NDArray[np.float32]) -> None:
    """Fill a block of any length, float32 [frame, 2], from inner blocks."""
    state = m.state[0]
    done, n = 0, out.shape[0]
    while done < n:
        if state.left_over == 0:
            render_block(m)
            state.left_over = BLOCK
        take = min(state.left_over, n - done)
        start = BLOCK - state.left_over
        for i in range(take):
            out[done + i, 0] = state.block[start + i, 0]
            out[done + i, 1] = state.block[start + i, 1]
        state.left_over -= take
        done += take


def make_machine(
    sample_rate: float, pool: NDArray[np.float32], n_voices: int, clock: tuple[int, int]
) -> Machine:
    """Make all arrays, in the state of silence.

    Args:
        sample_rate: In Hz.
        pool: float32 [slot, frame].
        n_voices: Voices that may sound at once.
        clock: Of `callback.system_clock`.
    """
    n_total = n_voices + GHOSTS
    m = Machine(
        state=np.zeros(1, state_dtype),
        mail=np.zeros(N_NOTES, key_dtype),
        keys=np.zeros(N_NOTES, key_dtype),
        ring=np.zeros(RING_SIZE, event_dtype),
        voices=np.zeros(n_total, voice_dtype),
        readers=np.zeros((n_total, 2), reader_dtype),
        pool=pool,
    )
    defaults = [parameter.default for parameter in PARAMETERS]
    rows: dict[str, Any] = {
        "targets": defaults,
        "values": defaults,
        "sample_rate": sample_rate,
        "n_voices": n_voices,
        "steal_blocks": _n_blocks(STEAL_SECONDS, sample_rate),
        "restrike_blocks": _n_blocks(RESTRIKE_SECONDS, sample_rate),
        "panic_blocks": _n_blocks(PANIC_SECONDS, sample_rate),
        "glide": 1.0 - math.exp(-BLOCK / (GLIDE_SECONDS * sample_rate)),
        "bend_glide": 1.0 - math.exp(-BLOCK / (BEND_SECONDS * sample_rate)),
        "recovery": limiter_coefficient(sample_rate),
        "volume": volume_gain(BY_NAME["volume"].default),
        "limiter_gain": 1.0,
        "origin_seconds": -1.0,
        "clock_function": clock[0],
        "clock_id": clock[1],
    }
    for name, value in rows.items():
        m.state[0][name] = value
    return m


def _n_blocks(seconds: float, sample_rate: float) -> int:
    """Count the whole inner blocks nearest to a time; at least one."""
    return max(round(seconds * sample_rate / BLOCK), 1)
