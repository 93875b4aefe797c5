"""How fast the engine is: the time of a block with so many voices, on one core."""

import statistics
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.values.events import NoteOn, SetParameter
from instrument.values.units import note_to_hz

VOICES = (32, 64, 128, 256)
TYPICAL_VOICES = 64
NOTE_SECONDS = 2.0
LOWEST, N_KEYS = 36, 61
MEASURED_SECONDS = 0.1  # of sound, that is measured at once
N_MEASUREMENTS = 40

# Everything that costs time is on: no voice reads at its own pitch, none has an open filter.
PARAMETERS = {
    "tune": 5.0,
    "vibrato_depth": 10.0,
    "cutoff": 2000.0,
    "resonance": 0.3,
    "volume": -30.0,
    "velocity_cutoff": 0.5,
}
RESONANCE_DB = 4.0  # about that of the resonance above


def held_voices(n_voices: int, sample_rate: float, pool: NotePool) -> Engine:
    """Make an engine in which so many voices are held, each on a note of its own.

    Args:
        n_voices: 1 to 256.
        sample_rate: In Hz.
        pool: Of `note_pool`.
    """
    engine = Engine(sample_rate, pool, n_voices=n_voices)
    loop = (pool.n_frames // 4, pool.n_frames - 64)
    for key in range(N_KEYS):
        engine.publish(LOWEST + key, NoteInfo(key + 1, pool.n_frames, *loop, 1.0, 0.5, sample_rate))
    for name, value in PARAMETERS.items():
        engine.post(SetParameter(name=name, value=value))
    for i in range(n_voices):
        key, channel = i % N_KEYS, i // N_KEYS
        engine.post(NoteOn(note=LOWEST + key, velocity=64 + i % 64, channel=channel))
    engine.process(np.zeros((round(0.5 * sample_rate), 2), np.float32))  # parameters have arrived
    return engine


def note_pool(sample_rate: float) -> NotePool:
    """Make a pool with a steady note for each of 61 keys; close it afterwards."""
    pool = NotePool(N_KEYS + 1, round(NOTE_SECONDS * sample_rate))
    frames = np.arange(pool.n_frames)
    for key in range(N_KEYS):
        turns = frames * (note_to_hz(LOWEST + key) / sample_rate)
        pool.samples[key + 1] = 0.3 * np.sin(2 * np.pi * turns) + 0.1 * np.sin(6 * np.pi * turns)
    return pool


class Player(Protocol):
    """What holds voices and fills blocks: the engine, or another one's."""

    def process(self, out: NDArray[np.float32]) -> object:
        """Fill a block: float32 [frame, 2]."""


def measure_blocks(players: Sequence[Player], block: int, sample_rate: float) -> list[float]:
    """Give each player's median time of a block in seconds of process CPU time, taken in turns."""
    out = np.zeros((block, 2), np.float32)
    n_blocks = max(round(MEASURED_SECONDS * sample_rate / block), 1)
    times: list[list[float]] = [[] for _ in players]
    for _ in range(N_MEASUREMENTS):
        for player, of_player in zip(players, times, strict=True):
            start = time.process_time()
            for _ in range(n_blocks):
                player.process(out)
            of_player.append((time.process_time() - start) / n_blocks)
    return [statistics.median(of_player) for of_player in times]


def bench_engine(block: int = 128, sample_rate: int = 48000) -> dict[str, Any]:
    """Measure the engine with envelope, filter and Hermite interpolation in every voice.

    Args:
        block: Frames of a block.
        sample_rate: In Hz.

    Returns:
        `block`; `sample_rate`; `voices`: by their number `block_us`, the median process CPU time
        of a block, and `share` of the block's duration; `voice_seconds_per_cpu_second` at 64
        voices.
    """
    pool = note_pool(sample_rate)
    try:
        times = {
            n: measure_blocks([held_voices(n, sample_rate, pool)], block, sample_rate)[0]
            for n in VOICES
        }
    finally:
        pool.close()
    lasts = block / sample_rate
    return {
        "block": block,
        "sample_rate": sample_rate,
        "voices": {
            str(n): {"block_us": round(1e6 * seconds, 2), "share": round(seconds / lasts, 5)}
            for n, seconds in times.items()
        },
        "voice_seconds_per_cpu_second": round(TYPICAL_VOICES * lasts / times[TYPICAL_VOICES]),
    }


def bench_beside(peer: Player, block: int = 128, sample_rate: int = 48000) -> tuple[float, float]:
    """Measure the engine in turns with another player of 64 voices.

    Args:
        peer: Holds as many voices, each with the filter and vibrato of `PARAMETERS`.
        block: Frames of a block.
        sample_rate: In Hz.

    Returns:
        The peer's voice-seconds per CPU-second, and how many times as many the engine has.
    """
    pool = note_pool(sample_rate)
    try:
        engine = held_voices(TYPICAL_VOICES, sample_rate, pool)
        ours, theirs = measure_blocks([engine, peer], block, sample_rate)
    finally:
        pool.close()
    return TYPICAL_VOICES * block / sample_rate / theirs, theirs / ours
