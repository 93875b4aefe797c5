"""Keyboards of notes kept on disk, so that the next start sounds at once."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .pool import NoteInfo


class BakedKeyboard:
    """A keyboard read from disk; its notes are copied out of a memory-mapped file."""

    @property
    def pitches(self) -> tuple[int, ...]:
        """The pitches it has a note for."""
        raise NotImplementedError

    def copy_note(self, pitch: int, slot: int, out: NDArray[np.float32]) -> NoteInfo:
        """Write a note into a slot.

        Args:
            pitch: One of `pitches`.
            slot: The slot's number, for the info.
            out: float32 [frame], the slot itself.
        """
        raise NotImplementedError


class BakeFolder:
    """A folder of baked keyboards with a bounded size; the least recently used go first."""

    def __init__(self, folder: Path | None = None, max_bytes: int = 2**30) -> None:
        """Use `folder`, or the user's cache folder."""
        raise NotImplementedError

    def save(
        self,
        model: str,
        cell: str,
        sample_rate: float,
        notes: Mapping[int, tuple[NoteInfo, NDArray[np.float32]]],
    ) -> bool:
        """Keep a keyboard; False when the disk would not take it (nothing is left behind).

        Args:
            model: Hash of the model.
            cell: Of the `Target`.
            sample_rate: Of the notes, in Hz.
            notes: pitch -> (info, float32 [frame]: the slot).
        """
        raise NotImplementedError

    def load(self, model: str, cell: str, sample_rate: float) -> BakedKeyboard | None:
        """Open a keyboard; None when there is none or it is damaged (then it is deleted)."""
        raise NotImplementedError
