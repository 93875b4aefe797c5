"""All that the engine's kernels work on: the arrays, their fields, and how they are made."""

import math
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from instrument.values.parameters import BY_NAME, PARAMETERS

from .alignment import SCRATCH
from .chorus import chorus_dtype, chorus_rows
from .delay import delay_dtype, delay_rows
from .envelope import BLOCK, N_RELEASES, N_ROWS
from .lanes import LANES, N_LANE_ROWS
from .layers import N_LAYERS
from .limiter import limiter_coefficient
from .reverb import reverb_dtype, reverb_rows
from .ring import (
    N_BOXES,
    N_CHANNELS,
    N_CONTROLS,
    N_NOTES,
    N_PEDALS,
    RING_SIZE,
    event_dtype,
    key_dtype,
)
from .voice_record import reader_dtype, voice_dtype
from .voice_wave import N_READERS

MAXIMUM_VOICES = 256
HEARD_FRAMES = 1 << 13  # kept for the meters: 170 ms at 48 kHz, five looks
TAPE_FRAMES = 1 << 19  # 11 s at 48 kHz: so long may a disk stall while the output is recorded
GHOSTS = 32  # voices beyond those that may sound, in which stolen ones fade out

STEAL_SECONDS, RESTRIKE_SECONDS, PANIC_SECONDS = 0.003, 0.030, 0.005
GLIDE_SECONDS = 0.010  # in which a moved parameter covers two thirds of its way
BEND_SECONDS = 0.004
GLIDE_END = 1e-4  # of the target: near enough
NOWHERE = -1000.0  # the pitch of a key that a tuning leaves out; before the first note

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
P_KEY_MODE, P_PORTAMENTO, P_PORTAMENTO_TIME, P_VELOCITY_CURVE = (
    ROWS[name] for name in ("key_mode", "portamento", "portamento_time", "velocity_curve")
)
P_TRANSPOSE, P_OCTAVE, P_MICROTUNING, P_MPE_BEND_RANGE = (
    ROWS[name] for name in ("transpose", "octave", "microtuning", "mpe_bend_range")
)
P_PRESSURE_VIBRATO, P_PRESSURE_CUTOFF, P_PRESSURE_LEVEL, P_SLIDE_CUTOFF = (
    ROWS[name] for name in ("pressure_vibrato", "pressure_cutoff", "pressure_level", "slide_cutoff")
)
P_EXPRESSION_LEVEL, P_SOFT_LEVEL, P_BREATH_LEVEL, P_BREATH_CUTOFF = (
    ROWS[name] for name in ("expression_level", "soft_level", "breath_level", "breath_cutoff")
)
P_ENDING = ROWS["ending"]
P_RELEASE_KIND, P_RELEASE_VELOCITY = (ROWS[name] for name in ("release_kind", "release_velocity"))
P_UNISON, P_UNISON_DETUNE, P_UNISON_SPREAD = (
    ROWS[name] for name in ("unison", "unison_detune", "unison_spread")
)
P_CHORUS_MIX, P_CHORUS_RATE, P_CHORUS_DEPTH, P_CHORUS_KIND = (
    ROWS[name] for name in ("chorus_mix", "chorus_rate", "chorus_depth", "chorus_kind")
)
P_DELAY_MIX, P_DELAY_DIVISION, P_DELAY_TIME, P_DELAY_FEEDBACK, P_DELAY_CUTOFF, P_DELAY_CROSSING = (
    ROWS[f"delay_{name}"] for name in ("mix", "division", "time", "feedback", "cutoff", "crossing")
)
P_REVERB_MIX, P_REVERB_TIME, P_REVERB_DAMPING, P_REVERB_BEFORE = (
    ROWS[name] for name in ("reverb_mix", "reverb_time", "reverb_damping", "reverb_before")
)
P_TEMPO = ROWS["tempo"]
P_VELOCITY_TIMBRE, P_VELOCITY_LAYERS, P_SLIDE_TO, P_ENSEMBLE, P_ROUND_ROBIN = (
    ROWS[name]
    for name in ("velocity_timbre", "velocity_layers", "slide_to", "ensemble", "round_robin")
)
P_PRESSURE_TO, P_MOTION_PER = ROWS["pressure_to"], ROWS["motion_per"]
N_PARAMETERS = len(PARAMETERS)
LOWEST_VOLUME_DB = BY_NAME["volume"].minimum  # the bottom of the knob is silence

NEUTRAL_CONTROLS = (0.0, 0.0, 0.0, 1.0, 1.0)  # bend, pressure, slide, expression, breath

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
        ("vibrato", np.float64),  # its sine in this block
        ("volume", np.float64),  # gain at the end of the last block
        ("limiter_gain", np.float32),
        ("hush", np.float64),  # what of the effects is heard: 1, or on its way down after a panic
        ("hush_step", np.float64),  # that it loses in a block
        ("pan_moving", np.int64),
        ("filter_moving", np.int64),
        ("values_moving", np.int64),  # any of them
        ("channels_stale", np.int64),  # 1: what the wheels do must be found again
        ("tone_left", np.int64),  # frames of the test tone still to play
        ("clip_slot", np.int64, 2),  # of the recording that plays, and of the one that it cut off
        ("clip_place", np.int64, 2),  # frame that comes next
        ("clip_left", np.int64, 2),  # frames still to play
        ("left_over", np.int64),  # frames of `block` not yet handed out
        ("frame", np.int64),  # first frame of the inner block now made
        ("origin_frame", np.int64),  # frame that `origin_seconds` maps to
        ("origin_seconds", np.float64),  # negative: time stamps are not used
        ("is_even", np.int64),  # 1: time stamps are used at this block size; written by `Engine`
        ("offset", np.int64),  # frame of the inner block at which the present event happens
        ("next_seconds", np.float64),  # when the device should ask next, by the steadied clock
        ("period_seconds", np.float64),  # from one block to the next, by the steadied clock
        ("period_frames", np.int64),  # of the device's last block
        ("asked_seconds", np.float64),  # when the device asked last
        ("asked_frames", np.int64),  # that it had asked for until then
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
        ("n_layers", np.int64),  # whose mailboxes have ever held a note; written by `publish`
        ("retunings", np.int64),  # tunings that move sounding notes, so far; written by `post`
        ("retunings_seen", np.int64),
        ("n_struck", np.int64),  # keys that have gone down so far
        ("targets", np.float64, (N_PARAMETERS,)),  # where the knobs stand; written by `post`
        ("values", np.float64, (N_PARAMETERS,)),  # gliding there
        ("pitches", np.float64, (N_NOTES,)),  # of the keys, by the tuning; written by `post`
        ("controls", np.float64, (2, N_CONTROLS, N_CHANNELS)),  # target, value
        ("pedals", np.float64, (N_PEDALS, N_CHANNELS)),  # 0 up to 1 down
        ("damping", np.float64, (N_CHANNELS,)),  # of what the pedal holds: 0 none, 1 all
        ("masters", np.int64, (N_CHANNELS,)),  # the channel that also moves this one, or itself
        ("held", np.int64, (N_CHANNELS, N_NOTES)),  # `n_struck` when the key went down; 0: up
        ("struck", np.int64, (N_CHANNELS, N_NOTES)),  # velocity
        ("strikes", np.int64, (N_NOTES,)),  # how often each key has gone down
        ("last_pitch", np.float64, (N_CHANNELS,)),  # played on a channel, or on its zone's master
        ("glide_from", np.float64, (N_CHANNELS,)),  # pitch that the next note begins at; or NOWHERE
        ("bends", np.float64, (N_CHANNELS,)),  # semitones
        ("steps", np.float64, (N_CHANNELS,)),  # bend, tune and vibrato as a ratio
        ("common_step", np.float64),  # tune and vibrato
        ("gains", np.float64, (N_CHANNELS,)),  # expression and breath
        ("pressures", np.float64, (N_CHANNELS,)),
        ("octaves", np.float64, (N_CHANNELS,)),  # that the channel opens the filter
        ("order", np.int64, (2, MAXIMUM_VOICES + GHOSTS)),  # voices to filter; with open filter
        ("rates", np.float64, (N_ROWS,)),  # seconds that the curves were made for
        ("clock", np.int64, (2,)),  # where the system writes the time
        ("curves", np.float32, (N_ROWS, BLOCK)),  # of the envelope
        ("release_curves", np.float32, (N_RELEASES, BLOCK)),  # the slowest first
        ("damped_curves", np.float32, (N_CHANNELS, BLOCK)),  # of releases under a pedal
        ("waves", np.float32, (LANES, BLOCK)),  # of the voices now made
        ("levels", np.float32, (LANES, BLOCK)),  # of their envelopes
        ("lanes", np.float32, (N_LANE_ROWS, LANES)),  # rows as in lanes.py
        ("lane_waves", np.float32, (BLOCK, LANES)),
        ("lane_levels", np.float32, (BLOCK, LANES)),
        ("group_mix", np.float32, (2, BLOCK)),  # of the voices now made
        ("align_scratch", np.float32, (2, SCRATCH)),
        ("mix", np.float32, (2, BLOCK)),
        ("feed", np.float32, (2, BLOCK)),  # what goes into an effect
        ("block", np.float32, (BLOCK, 2)),  # the inner block as it goes out
        ("heard", np.float32, (HEARD_FRAMES, 2)),  # the latest of what went out, for the meters
        ("heard_frames", np.int64),  # that have gone out so far
        # Not arrays of `Machine`: that is handed on for each voice, and costs by its length.
        ("chorus", chorus_dtype),
        ("delay", delay_dtype),
        ("reverb", reverb_dtype),
        ("memory", np.uint64),  # address of the effects' memory, float32 [frame]
        ("memory_frames", np.int64),
    ],
    align=True,  # what another thread writes is read whole
)


reel_dtype = np.dtype(
    [
        ("is_running", np.int64),  # 1 while the output is recorded; written by `Tape`
        ("read", np.int64),  # frames taken off; written by `Tape`
        ("written", np.int64),  # frames put on, by whoever makes blocks, as the next two
        ("lost", np.int64),
        ("first_frame", np.int64),  # the engine's number of the first one; negative: none yet
        ("n_struck", np.int64),  # as in the state, when it began
        ("vibrato_phase", np.float64),
    ],
    align=True,
)


class Machine(NamedTuple):
    """All arrays that the kernels work on; the callback finds them through their addresses."""

    state: NDArray[Any]  # [1] of state_dtype
    mail: NDArray[Any]  # [layer, box] of key_dtype, as published
    keys: NDArray[Any]  # [layer, box] of key_dtype, as the engine has taken them over
    ring: NDArray[Any]  # [event] of event_dtype
    voices: NDArray[Any]  # [voice] of voice_dtype
    readers: NDArray[Any]  # [voice, reader] of reader_dtype
    reel: NDArray[Any]  # [1] of reel_dtype
    tape: NDArray[np.float32]  # [frame, 2], a ring
    pool: NDArray[np.float32]  # [slot, frame]


def make_machine(
    sample_rate: float,
    pool: NDArray[np.float32],
    memory: NDArray[np.float32],
    n_voices: int,
    clock: tuple[int, int],
) -> Machine:
    """Make all arrays, in the state of silence.

    Args:
        sample_rate: In Hz.
        pool: float32 [slot, frame].
        memory: Of `effects_memory`; it must outlive the machine.
        n_voices: Voices that may sound at once.
        clock: Of `callback.system_clock`.
    """
    n_total = n_voices + GHOSTS
    m = Machine(
        state=np.zeros(1, state_dtype),
        mail=np.zeros((N_LAYERS, N_BOXES), key_dtype),
        keys=np.zeros((N_LAYERS, N_BOXES), key_dtype),
        ring=np.zeros(RING_SIZE, event_dtype),
        voices=np.zeros(n_total, voice_dtype),
        readers=np.zeros((n_total, N_READERS), reader_dtype),
        reel=np.zeros(1, reel_dtype),
        tape=np.zeros((TAPE_FRAMES, 2), np.float32),
        pool=pool,
    )
    defaults = [parameter.default for parameter in PARAMETERS]
    volume_db = BY_NAME["volume"].default
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
        "volume": math.pow(10.0, volume_db / 20.0),
        "limiter_gain": 1.0,
        "n_layers": 1,
        "memory": memory.ctypes.data,
        "memory_frames": len(memory),
        "origin_seconds": -1.0,
        "clock_function": clock[0],
        "clock_id": clock[1],
        "pitches": np.arange(N_NOTES),
        "masters": np.arange(N_CHANNELS),
    }
    for name, value in rows.items():
        m.state[0][name] = value
    forget_effects(m)
    forget_playing(m)
    return m


def effects_memory(sample_rate: float) -> NDArray[np.float32]:
    """Make the memory that the effects share at a rate, in Hz; silent."""
    kinds = (chorus_rows(sample_rate), delay_rows(sample_rate), reverb_rows(sample_rate))
    return np.zeros(sum(cast(int, rows["length"]) for rows in kinds), np.float32)


def forget_effects(m: Machine) -> None:
    """Put the effects back as they are when they have not been on; the memory stays as it is."""
    state = m.state[0]
    start = 0
    for name, dtype, make_rows in (
        ("chorus", chorus_dtype, chorus_rows),
        ("delay", delay_dtype, delay_rows),
        ("reverb", reverb_dtype, reverb_rows),
    ):
        state[name] = np.zeros((), dtype)
        for field, value in make_rows(float(state["sample_rate"])).items():
            state[name][field] = value
        state[name]["start"] = start
        start += int(state[name]["length"])
    state["hush"], state["hush_step"] = 1.0, 0.0


def forget_playing(m: Machine) -> None:
    """Put keys, pedals and wheels back as they are when nobody has touched them; tunings stay."""
    state = m.state[0]
    state["controls"][:] = np.array(NEUTRAL_CONTROLS)[:, None]
    state["pedals"][:] = 0.0
    state["damping"][:] = 1.0
    state["held"][:] = 0
    state["strikes"][:] = 0
    state["last_pitch"][:] = NOWHERE
    state["glide_from"][:] = NOWHERE
    state["channels_stale"] = 1


def _n_blocks(seconds: float, sample_rate: float) -> int:
    """Count the whole inner blocks nearest to a time; at least one."""
    return max(round(seconds * sample_rate / BLOCK), 1)
