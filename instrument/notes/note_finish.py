"""From the wave that a model made to a note that can be played and held.

In a slot the note lies as the model made it; then, if it can be held on, the texture that it goes
over into and the table of ways back in that (`endless.py`).
"""

import math
from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray

from instrument.engine.endless import TABLE_FRAMES, clear_table, write_table
from instrument.engine.pool import NoteInfo

from .loop import FADE_SECONDS, Steady, alikeness, find_seams, find_steady
from .renderer_protocol import RenderNote
from .stationary import even_out

Wave = NDArray[np.float32]

CROP_LOOP_SECONDS = 0.15  # the shortest way back in a crop
CROP_FADE_SECONDS = 0.05
FADE_IN_SECONDS = 0.001
FADE_OUT_SECONDS = 0.01
BEYOND_SECONDS = 0.02  # that the texture goes on after its end: fades begin block by block
SLOT_SECONDS = 6.1
"""Of a note of 4 s and of its endless part, with what resampling adds and the table."""


def finish_note(
    wave: Wave,
    wave_rate: float,
    job: RenderNote,
    gain: float,
    slot: NDArray[np.float32],
    crest: float = 0.0,
    between_steps: Callable[[], None] = lambda: None,
) -> NoteInfo:
    """Bring a model's wave to the device's rate, loop it and write it into its slot.

    Args:
        wave: float32 [sample], as the model made it.
        wave_rate: Of the wave, in Hz.
        job: What was asked for.
        gain: The note's own level.
        slot: float32 [frame], where it goes.
        crest: `NoteInfo.crest`.
        between_steps: Called between what takes long; it may wait, to let another thread go first.
    """
    between_steps()
    if wave_rate != job.sample_rate:
        wave = soxr.resample(wave, wave_rate, job.sample_rate)
    note = wave[: len(slot) - TABLE_FRAMES].copy()
    steady = None if job.first_only else find_steady(note, job.sample_rate)
    if steady is not None:
        steady = _write_endless(note, steady, job.sample_rate, slot, between_steps)
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
        crest=crest,
    )


def finish_crop(
    wave: Wave,
    start: int,
    wave_rate: float,
    job: RenderNote,
    gain: float,
    decay: float,
    slot: NDArray[np.float32],
) -> NoteInfo:
    """Bring a crop to the device's rate and write it into its slot where it lies in the note.

    Its end is laid over an earlier place where the wave runs alike: it is played on from there
    until the whole note has come.

    Args:
        wave: float32 [sample], as the model made it.
        start: Sample of the note with which it begins.
        wave_rate: Of the wave, in Hz.
        job: What was asked for.
        gain: The note's own level.
        decay: Factor on the note's level in a second.
        slot: float32 [frame], where it goes.
    """
    rate = job.sample_rate
    skipped = -start % (round(wave_rate) // math.gcd(round(wave_rate), round(rate)))
    skipped = skipped if skipped < len(wave) // 4 else 0
    wave, first = wave[skipped:], round((start + skipped) * rate / wave_rate)
    if wave_rate != rate:
        wave = soxr.resample(wave, wave_rate, rate)
    crop = wave[: max(len(slot) - TABLE_FRAMES - first, 0)].copy()
    loop_start, loop_end, loop_gain = _lay_back(crop, rate, decay)
    clear_table(slot)
    slot[first : first + len(crop)] = crop
    return NoteInfo(
        slot=job.slot,
        n_frames=first + len(crop),
        loop_start=first + loop_start,
        loop_end=first + loop_end,
        loop_gain=loop_gain,
        gain=float(gain),
        sample_rate=rate,
        first_frame=max(first, 1),
        crest=job.heard.crest if job.heard else 0.0,
        later=job.heard.later if job.heard else 0,
    )


def _lay_back(crop: Wave, rate: float, decay: float) -> tuple[int, int, float]:
    """Cross-fade a crop's end to an earlier place, in place; give both and the level's factor."""
    n, end = round(CROP_FADE_SECONDS * rate), len(crop)
    shortest = round(CROP_LOOP_SECONDS * rate)
    possible = alikeness(crop, [crop[end - n :]])[0][: end - n - shortest + 1]
    if not len(possible):
        return 0, end, 1.0
    start = int(np.argmax(possible)) + n
    likeness = np.float32(max(float(possible[start - n]), 0.0))
    factor = float(decay ** ((end - start) / rate))
    way = (np.arange(n, dtype=np.float32) + 1) / n
    new = way * way * (3 - 2 * way)
    old = 1 - new
    scale = 1 / np.sqrt(old * old + new * new + 2 * likeness * old * new)
    crop[end - n :] = scale * (old * crop[end - n :] + new * factor * crop[start - n : start])
    return start, end, factor


def _write_endless(
    note: Wave,
    steady: Steady,
    sample_rate: float,
    slot: NDArray[np.float32],
    between_steps: Callable[[], None],
) -> Steady | None:
    """Write a note's texture and ways back into its slot; None where there is no room for them."""
    beyond = round(BEYOND_SECONDS * sample_rate)
    there = len(note) + steady.end + beyond - steady.start
    if there > len(slot) - TABLE_FRAMES:
        return None
    between_steps()
    texture = even_out(note, sample_rate, steady.start, steady.end + beyond, steady.enter)
    between_steps()
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
