"""Notes brought over to another rate: a device that comes back at one sounds at once.

They play until the renderer has made the same notes at the new rate, which takes seconds.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import soxr
from numpy.typing import NDArray

from instrument.engine.endless import (
    ENTER_AT,
    FADE_AT,
    FIRST_SEAM,
    N_SEAMS_AT,
    SEAM_NUMBERS,
    TABLE_FRAMES,
    clear_table,
    read_table,
    write_table,
)
from instrument.engine.pool import NoteInfo

from .note_finish import texture_frames

CELL = "carried over"
"""Stands for the timbre of such notes: it is nobody's target, so each is made anew."""


class CarriedNotes:
    """A keyboard of notes at another rate; resampled one by one as they are copied."""

    def __init__(
        self, notes: Mapping[int, tuple[NoteInfo, NDArray[np.float32]]], sample_rate: float
    ) -> None:
        """Keep notes; nothing is copied yet.

        Args:
            notes: pitch -> (info, float32 [frame]: its slot, which must stay as it is).
            sample_rate: That they are wanted at, in Hz.
        """
        self._notes = notes
        self._sample_rate = sample_rate

    @property
    def pitches(self) -> Iterable[int]:
        """The pitches it has a note for."""
        return self._notes.keys()

    def copy_note(self, pitch: int, slot: int, out: NDArray[np.float32]) -> NoteInfo:
        """Write a note into a slot.

        Args:
            pitch: One of `pitches`.
            slot: The slot's number, for the info.
            out: float32 [frame], the slot itself.

        Raises:
            ValueError: If the slot is too short for the note.
        """
        info, former = self._notes[pitch]
        ratio = self._sample_rate / info.sample_rate
        table = read_table(former) if info.loop_end else []
        n_texture = texture_frames(info) if table else 0
        parts = (former[: info.n_frames], former[info.n_frames : info.n_frames + n_texture])
        note, texture = (
            soxr.resample(part, info.sample_rate, self._sample_rate) if len(part) else part
            for part in parts
        )
        n_stored = len(note) + len(texture)
        if n_stored + TABLE_FRAMES > len(out):
            raise ValueError(f"a note of {n_stored} frames does not fit into {len(out)}")
        start, end = (round(ratio * frame) for frame in (info.loop_start, info.loop_end))
        out[: len(note)] = note
        out[len(note) : n_stored] = texture
        clear_table(out)
        if table:
            numbers = np.reshape(table[FIRST_SEAM:], (-1, SEAM_NUMBERS))[: int(table[N_SEAMS_AT])]
            seams = [(round(ratio * to), round(ratio * at), alike) for to, at, alike in numbers]
            enter, fade = (round(ratio * table[at]) for at in (ENTER_AT, FADE_AT))
            write_table(out, seams, fade, len(note) - start, enter)
        return NoteInfo(
            slot=slot,
            n_frames=len(note),
            loop_start=start,
            loop_end=min(end, len(note)),
            loop_gain=info.loop_gain,
            gain=info.gain,
            sample_rate=self._sample_rate,
        )
