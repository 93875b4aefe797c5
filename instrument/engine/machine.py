"""What runs in real time: events and notes in, inner blocks of 64 frames out.

Nothing here touches Python, allocates, waits or raises, so the sound card's own thread may run
it. What goes wrong is counted. `render_block` tells the story; `fill` cuts it to any length, and
keeps what is left over, so the device's block size does not change a single bit.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .allocator import is_sounding, release_all, take_all_away
from .channels import configure_zones, forget_keys, nearer, reset_channel, turn_channels
from .effects import add_effects, hush_effects
from .envelope import BLOCK, IDLE, RELEASE, WAITING, envelope_coefficients, release_curves
from .kernels import Record, fence, inlined, kernel
from .keys import start_note, stop_note
from .lanes import LANES
from .mixing import clear, finish, render_filtered, render_open
from .monitor import hear
from .own_release import OWN, ring_out
from .pedals import fill_damped_curve, move_pedal, raise_pedals
from .ring import (
    ALL_NOTES_OFF,
    CLIP,
    CONTROL,
    GLIDE_FROM,
    KEY_PRESSURE,
    N_BOXES,
    N_CHANNELS,
    NOTE_OFF,
    NOTE_ON,
    PANIC,
    PEDAL,
    RESET,
    RING_SIZE,
    TEST_TONE,
    ZONES,
    take_note,
)
from .sources import begin_if_ready, follow_key, set_free
from .state import (
    N_PARAMETERS,
    NOWHERE,
    P_ATTACK,
    P_CUTOFF,
    P_DECAY,
    P_KEY_TRACKING,
    P_PAN,
    P_RELEASE,
    P_RELEASE_KIND,
    P_RESONANCE,
    P_SPREAD,
    P_VELOCITY_CUTOFF,
    Machine,
)
from .tape import begin_tape, record
from .tone import TONE_SECONDS, add_clips, add_tone, start_clip
from .voice import has_ended
from .voice_pitch import key_pitch, retune, turn_pitch
from .voice_sound import feel, settle

LINGER_SECONDS = 1.0  # a held note that ran out waits so long for the rest of it
ALIGNMENTS = 1  # cross-fades that may begin in one inner block, so that no block is dear


@inlined
def take_notes(m: Machine) -> None:
    """Take over the notes that were published since the last block."""
    state = m.state[0]
    count = state.mail_count
    if state.mail_seen == count:
        return
    fence()
    complete = True
    for layer in range(state.n_layers):
        for box in range(N_BOXES):
            mail, key = m.mail[layer, box], m.keys[layer, box]
            if mail.generation != key.generation:
                complete = take_note(mail, key) and complete
    if complete:
        state.mail_seen = count


@inlined
def place_of(state: Record, event: Record) -> int:
    """Give the frame of the inner block now made at which an event happens; 64: in a later one.

    An event says its frame itself, or its time is where it was in the device's previous block; one
    without either, or that comes too late, happens at once.
    """
    frame = event.frame
    if frame < 0:
        if state.origin_seconds < 0.0 or event.time_seconds == 0.0:
            return 0
        since = (event.time_seconds - state.origin_seconds) * state.sample_rate
        frame = state.origin_frame + math.floor(since + 0.5)
    return min(max(frame - state.frame, 0), BLOCK)


@inlined
def take_events(m: Machine) -> None:
    """Take the events that are due off the ring."""
    state = m.state[0]
    while True:
        event = m.ring[state.ring_read % RING_SIZE]
        if event.sequence != state.ring_read + 1:
            return
        fence()
        state.offset = place_of(state, event)
        if state.offset >= BLOCK:
            return
        event.placed = state.frame + state.offset
        obey(m, event)
        fence()
        state.ring_read += 1


@inlined
def obey(m: Machine, event: Record) -> None:
    """Do what one event says."""
    state = m.state[0]
    kind, number, channel, value = event.kind, event.number, event.channel, event.value
    if kind == NOTE_ON:
        start_note(m, number, channel, int(value))
    elif kind == NOTE_OFF:
        stop_note(m, number, channel, value)
    elif kind == CONTROL:
        state.controls[0, number, channel] = value
    elif kind == KEY_PRESSURE:
        press_key(m, number, channel, value)
    elif kind == PEDAL:
        move_pedal(m, number, channel, value)
    elif kind == RESET:
        reset_channel(state, channel)
        raise_pedals(m, channel)
    elif kind == ALL_NOTES_OFF:
        release_all(m.voices, state.offset)
        forget_keys(state)
    elif kind == ZONES:
        release_all(m.voices)
        forget_keys(state)
        configure_zones(state, number, int(value))
    elif kind == PANIC:
        panic(m)
    elif kind == TEST_TONE:
        state.tone_left = int(TONE_SECONDS * state.sample_rate)
    elif kind == GLIDE_FROM:
        state.glide_from[state.masters[channel]] = key_pitch(state, number)
    elif kind == CLIP:
        start_clip(state, number, int(value))


@kernel
def press_key(m: Machine, key: int, channel: int, pressure: float) -> None:
    """Let a held key's voices follow its pressure."""
    for v in range(m.voices.shape[0]):
        voice = m.voices[v]
        if voice.key == key and voice.channel == channel and voice.gated == 1:
            voice.pressure_target = pressure


@kernel
def panic(m: Machine) -> None:
    """Silence everything, and take every key, pedal and wheel as untouched."""
    state = m.state[0]
    take_all_away(m.voices, state.panic_blocks)
    forget_keys(state)
    for channel in range(N_CHANNELS):
        reset_channel(state, channel)
        raise_pedals(m, channel)
        state.last_pitch[channel] = state.glide_from[channel] = NOWHERE
    state.tone_left = state.clip_left[0] = state.clip_left[1] = 0
    hush_effects(m)


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
    state.values_moving = 0
    for row in range(N_PARAMETERS):
        if values[row] != targets[row]:
            state.values_moving = 1
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
        release_curves(state.rates[2], state.sample_rate, state.release_curves)
        for channel in range(N_CHANNELS):
            fill_damped_curve(state, channel)
    if state.retunings != state.retunings_seen:
        state.retunings_seen = state.retunings
        retune(m)


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
            if voice.stage == WAITING:
                voice.delay = 0
            elif voice.stage != IDLE:
                settle(m, v)
        elif (
            voice.looked != state.mail_seen
            and left > 0
            and voice.fading == 0
            and voice.kill_step == 0.0
            and voice.is_ringing == 0
        ):
            left -= follow_key(m, v)
        voice.age += BLOCK
        if voice.stage in (IDLE, WAITING):
            continue
        if voice.hold > 0:
            voice.hold = max(voice.hold - BLOCK, 0)
            if voice.hold == 0:
                voice.stage = RELEASE
        elif (
            voice.sustained == 1
            and voice.caught == 0
            and voice.one_shot == 0
            and state.damping[voice.channel] > 0.0
        ):
            voice.stage = RELEASE
        if (
            voice.stage == RELEASE
            and left > 0
            and voice.is_ringing == 0
            and int(state.targets[P_RELEASE_KIND]) == OWN
        ):
            left -= ring_out(m, v)
        if voice.fading == 0 and has_ended(m.readers[v, voice.front]):
            voice.silent += BLOCK
            held = voice.gated == 1 or (voice.sustained == 1 and voice.one_shot == 0)
            if not held or voice.silent > LINGER_SECONDS * state.sample_rate:
                set_free(m, v)
            continue
        voice.silent = 0
        feel(m, v)
        turn_pitch(m, v)
        if voice.wet > 0.0 or voice.wet_after > 0.0:
            state.order[0, n_filtered] = v
            n_filtered += 1
        else:
            state.order[1, n_open] = v
            n_open += 1
        n += is_sounding(voice)
    state.n_sounding = n
    return n_filtered, n_open


@inlined
def render_block(m: Machine) -> None:
    """Make one inner block: events, notes, parameters, voices, effects."""
    state = m.state[0]
    take_notes(m)
    take_events(m)
    glide(m)
    turn_channels(m)
    n_filtered, n_open = prepare_voices(m)
    clear(state.mix[0])
    clear(state.mix[1])
    for first in range(0, n_filtered, LANES):
        render_filtered(m, first, min(LANES, n_filtered - first))
    for first in range(0, n_open, LANES):
        render_open(m, first, min(LANES, n_open - first))
    add_effects(m)
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
    begin_tape(m)
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
    record(m, out)
    hear(m, out)
