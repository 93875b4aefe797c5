"""Which voice plays a note, which is stolen, which keys and pedals hold; knows no sound."""

import numpy as np
from numpy.typing import NDArray

from .envelope import ATTACK, IDLE, RELEASE, WAITING
from .kernels import Record, kernel

QUIET = np.float32(0.01)  # -40 dB
JUST_STRUCK_SECONDS = 0.05
AGING_SECONDS = 2.0
NEVER = -1.0

# What is taken first: each tier is 1 apart, and within a tier the scores differ by less than 1.
TIER_WAITING_RELEASED, TIER_QUIET, TIER_RELEASED, TIER_WAITING, TIER_SUSTAINED, TIER_HELD = (
    5.0,
    4.0,
    3.0,
    2.0,
    1.0,
    0.0,
)


@kernel
def is_sounding(voice: Record) -> bool:
    """Say whether a voice counts: it has a note, and is not just being taken away."""
    return voice.stage != IDLE and voice.kill_step == 0.0


@kernel
def n_sounding(voices: NDArray[Record]) -> int:
    """Count the voices that count."""
    n = 0
    for v in range(voices.shape[0]):
        if is_sounding(voices[v]):
            n += 1
    return n


@kernel
def steal_score(voice: Record, sample_rate: float, hardest: int) -> float:
    """Say how little a voice would be missed.

    Args:
        voice: A voice that sounds.
        sample_rate: In Hz.
        hardest: The highest velocity among those just struck: that note is never taken.
    """
    seconds = voice.age / sample_rate
    oldness = seconds / (seconds + AGING_SECONDS)
    released = voice.gated == 0 and voice.sustained == 0
    if voice.stage == WAITING:
        return (TIER_WAITING_RELEASED if released else TIER_WAITING) + oldness
    if released:
        if voice.loudness < QUIET:
            return TIER_QUIET + 1.0 - voice.loudness
        return TIER_RELEASED + oldness
    if seconds < JUST_STRUCK_SECONDS and voice.velocity >= hardest:
        return NEVER
    quietness = 1.0 / (1.0 + voice.loudness / QUIET)
    tier = TIER_SUSTAINED if voice.sustained else TIER_HELD
    return tier + 0.5 * (oldness + quietness)


@kernel
def choose_victim(voices: NDArray[Record], sample_rate: float) -> int:
    """Name the voice to steal; -1 when none sounds."""
    hardest = 0
    for v in range(voices.shape[0]):
        if is_sounding(voices[v]) and voices[v].age < JUST_STRUCK_SECONDS * sample_rate:
            hardest = max(hardest, voices[v].velocity)
    victim, best = -1, 2.0 * NEVER
    for v in range(voices.shape[0]):
        if is_sounding(voices[v]):
            score = steal_score(voices[v], sample_rate, hardest)
            if score > best:
                victim, best = v, score
    return victim


@kernel
def take_away(voice: Record, n_blocks: int) -> None:
    """Fade a voice out over so many blocks, whatever it is doing; no key holds it any more."""
    voice.gated = 0
    voice.sustained = 0
    voice.caught = 0
    if voice.stage == IDLE:
        return
    if voice.stage == WAITING:
        voice.stage = IDLE
    elif voice.kill_step == 0.0:
        voice.kill = np.float32(1.0)
        voice.kill_step = np.float32(1.0 / n_blocks)
    else:
        voice.kill_step = max(voice.kill_step, np.float32(1.0 / n_blocks))


@kernel
def free_voice(
    voices: NDArray[Record], n_voices: int, steal_blocks: int, sample_rate: float
) -> tuple[int, int]:
    """Find a voice for a new note.

    There are more voices than may sound: a stolen one fades out in its place while the new note
    begins in another.

    Returns:
        The voice, and how many were stolen for it: 0 or 1.
    """
    stolen = 0
    if n_sounding(voices) >= n_voices:
        take_away(voices[choose_victim(voices, sample_rate)], steal_blocks)
        stolen = 1
    quietest = -1
    for v in range(voices.shape[0]):
        if voices[v].stage == IDLE:
            return v, stolen
        if voices[v].kill_step > 0.0 and (
            quietest < 0
            or voices[v].loudness * voices[v].kill
            < voices[quietest].loudness * voices[quietest].kill
        ):
            quietest = v
    return quietest, stolen


@kernel
def silence_key(voices: NDArray[Record], key: int, channel: int, n_blocks: int) -> int:
    """Fade out what a key still sounds, held, under a pedal or in its release.

    A struck string does not sound twice.

    Returns:
        1 if the sostenuto pedal had caught it: then it has caught what the key plays next, too.
    """
    caught = 0
    for v in range(voices.shape[0]):
        voice = voices[v]
        if is_sounding(voice) and voice.key == key and voice.channel == channel:
            caught = max(caught, voice.caught)
            take_away(voice, n_blocks)
    return caught


@kernel
def claim(
    voices: NDArray[Record],
    key: int,
    channel: int,
    velocity: int,
    n_voices: int,
    steal_blocks: int,
    sample_rate: float,
) -> tuple[int, int]:
    """Give a key that has gone down a voice.

    Returns:
        The voice, in stage WAITING, and how many were stolen.
    """
    chosen, stolen = free_voice(voices, n_voices, steal_blocks, sample_rate)
    voice = voices[chosen]
    voice.stage = WAITING
    voice.key = key
    voice.note = key
    voice.channel = channel
    voice.velocity = velocity
    voice.gated = 1
    voice.sustained = 0
    voice.caught = 0
    voice.one_shot = 0
    voice.detached = 0
    voice.age = 0
    voice.hold = 0
    voice.silent = 0
    voice.delay = 0
    voice.turn = 0
    voice.level = np.float32(0.0)
    voice.kill = np.float32(1.0)
    voice.kill_step = np.float32(0.0)
    voice.fading = 0
    return chosen, stolen


@kernel
def release(voice: Record, offset: int = 0) -> None:
    """Let a voice's envelope go to its end; a voice that still waits for its note goes on so.

    Args:
        voice: The voice.
        offset: Frame of the block now made at which that happens.
    """
    voice.gated = 0
    voice.sustained = 0
    voice.caught = 0
    if voice.stage not in (IDLE, WAITING) and voice.hold == 0:
        if voice.stage != RELEASE and offset > voice.delay:
            voice.before, voice.turn = voice.stage, offset
        voice.stage = RELEASE


@kernel
def lift(voices: NDArray[Record], key: int, channel: int, pedal: bool, offset: int = 0) -> None:
    """A key has come up: its note ends, or the sustain pedal or the sostenuto holds it on."""
    for v in range(voices.shape[0]):
        voice = voices[v]
        if voice.gated == 1 and voice.key == key and voice.channel == channel:
            if pedal or voice.caught == 1 or voice.one_shot == 1:
                voice.gated = 0
                voice.sustained = 1
            else:
                release(voice, offset)


@kernel
def pedal_up(voices: NDArray[Record], channel: int, offset: int = 0) -> None:
    """The sustain pedal has come up: what only it held ends."""
    for v in range(voices.shape[0]):
        voice = voices[v]
        held = voice.caught == 1 or voice.one_shot == 1
        if voice.sustained == 1 and not held and voice.channel == channel:
            release(voice, offset)


@kernel
def release_all(voices: NDArray[Record], offset: int = 0) -> None:
    """Let every key and every pedalled note go."""
    for v in range(voices.shape[0]):
        if voices[v].gated == 1 or voices[v].sustained == 1:
            release(voices[v], offset)


@kernel
def take_all_away(voices: NDArray[Record], n_blocks: int) -> None:
    """Fade everything out over so many blocks."""
    for v in range(voices.shape[0]):
        take_away(voices[v], n_blocks)


@kernel
def begin(voice: Record, shortest_hold: int) -> None:
    """Start the envelope of a voice whose note is there.

    A note that came only after its key was let go is held as long as the key was, so that it
    still sounds.
    """
    voice.stage = ATTACK
    voice.level = np.float32(0.0)
    if voice.gated == 0 and voice.sustained == 0:
        voice.hold = max(voice.age - voice.silent, shortest_hold)
