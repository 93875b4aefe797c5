"""From the wave that a model made to a note that can be played: its rate, its loop, its ends."""

import numpy as np
import soxr
from numpy.typing import NDArray

from .loop import bake_loop, find_loop
from .pool import NoteInfo
from .renderer_protocol import RenderNote

Wave = NDArray[np.float32]

FADE_IN_SECONDS = 0.001
FADE_OUT_SECONDS = 0.01


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
    wave = wave[: len(slot)]
    loop = find_loop(wave, job.sample_rate, job.pitch) if not job.first_only else None
    if loop is not None and loop.loop_end:
        note = bake_loop(wave, loop, job.sample_rate)
    else:
        note = wave.copy()
        _fade_out(note, job.sample_rate)
    _fade_in(note, job.sample_rate)
    slot[: len(note)] = note
    return NoteInfo(
        slot=job.slot,
        n_frames=len(note),
        loop_start=loop.loop_start if loop else 0,
        loop_end=loop.loop_end if loop else 0,
        loop_gain=loop.loop_gain if loop else 1.0,
        gain=float(gain),
        sample_rate=job.sample_rate,
    )


def _fade_in(note: Wave, sample_rate: float) -> None:
    n = min(round(FADE_IN_SECONDS * sample_rate), len(note))
    note[:n] *= np.arange(n, dtype=np.float32) / np.float32(n)


def _fade_out(note: Wave, sample_rate: float) -> None:
    n = min(round(FADE_OUT_SECONDS * sample_rate), len(note))
    note[len(note) - n :] *= np.arange(n, dtype=np.float32)[::-1] / np.float32(n)
