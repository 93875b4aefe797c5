"""From the wave that a model made to a note that can be played and held.

In a slot the note lies as the model made it; then, if it can be held on, the texture that it goes
over into and the table of ways back in that (`endless.py`).
"""

import numpy as np
import soxr
from numpy.typing import NDArray

from .endless import TABLE_FRAMES, clear_table, write_table
from .loop import FADE_SECONDS, Steady, find_seams, find_steady
from .pool import NoteInfo
from .renderer_protocol import RenderNote
from .stationary import even_out

Wave = NDArray[np.float32]

FADE_IN_SECONDS = 0.001
FADE_OUT_SECONDS = 0.01
BEYOND_SECONDS = 0.02  # that the texture goes on after its end: fades begin block by block
SLOT_SECONDS = 6.1
"""Of a note of 4 s and of its endless part, with what resampling adds and the table."""


def finish_note(
    wave: Wave, wave_rate: float, job: RenderNote, gain: float, slot: NDArray[np.float32]
) -> NoteInfo:
    """Bring a model's wave to the device's rate, loop it and write it into its slot.

    Args:
        wave: float32 [sample], as the model made it.
        wave_rate: Of the wave, in Hz.
        job: What was asked for.
        gain: The note's own level.
        slot: float32 [frame], where it goes.
    """
    if wave_rate != job.sample_rate:
        wave = soxr.resample(wave, wave_rate, job.sample_rate)
    note = wave[: len(slot) - TABLE_FRAMES].copy()
    steady = None if job.first_only else find_steady(note, job.sample_rate)
    if steady is not None:
        steady = _write_endless(note, steady, job.sample_rate, slot)
    if steady is None:
        clear_table(slot)
    _fade_out(note, job.sample_rate)
    _fade_in(note, job.sample_rate)
    slot[: len(note)] = note
    return NoteInfo(
        slot=job.slot,
        n_frames=len(note),
        loop_start=steady.start if steady else 0,
        loop_end=steady.end if steady else 0,
        loop_gain=steady.gain if steady else 1.0,
        gain=float(gain),
        sample_rate=job.sample_rate,
    )


def _write_endless(
    note: Wave, steady: Steady, sample_rate: float, slot: NDArray[np.float32]
) -> Steady | None:
    """Write a note's texture and ways back into its slot; None where there is no room for them."""
    beyond = round(BEYOND_SECONDS * sample_rate)
    there = len(note) + steady.end + beyond - steady.start
    if there > len(slot) - TABLE_FRAMES:
        return None
    texture = even_out(note, sample_rate, steady.start, steady.end + beyond, steady.enter)
    seams = find_seams(texture, steady.start, steady.end, sample_rate)
    slot[len(note) : there] = texture
    rows = [(seam.end, seam.start, seam.correlation) for seam in seams]
    fade = round(FADE_SECONDS * sample_rate)
    write_table(slot, rows, fade, len(note) - steady.start, steady.enter)
    return steady


def texture_frames(info: NoteInfo) -> int:
    """Count the frames of a note's endless part in its slot, after the note itself."""
    if info.loop_end == 0:
        return 0
    return info.loop_end + round(BEYOND_SECONDS * info.sample_rate) - info.loop_start


def _fade_in(note: Wave, sample_rate: float) -> None:
    n = min(round(FADE_IN_SECONDS * sample_rate), len(note))
    note[:n] *= np.arange(n, dtype=np.float32) / np.float32(n)


def _fade_out(note: Wave, sample_rate: float) -> None:
    n = min(round(FADE_OUT_SECONDS * sample_rate), len(note))
    note[len(note) - n :] *= np.arange(n, dtype=np.float32)[::-1] / np.float32(n)
