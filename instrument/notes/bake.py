"""Keyboards of notes kept on disk, so that the next start sounds at once.

A file is one line of magic, the length of a JSON header (4 bytes), the header, the samples
(int16, note after note) and the SHA-256 of all that. A file with anything wrong is deleted; its
notes are simply rendered again.
"""

import hashlib
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from instrument.engine.endless import TABLE_FRAMES, clear_table, read_table
from instrument.engine.pool import NoteInfo
from instrument.storage.files import write_whole

from .note_finish import texture_frames

MAGIC = b"Timbrepad keyboard 2\n"
SUFFIX = ".keyboard"
FULL_SCALE = 32767
_DIGEST_BYTES = 32

Count = Annotated[int, msgspec.Meta(ge=0)]


class _BakedNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One note of the header.

    `peak` is what full scale stands for; `offset` counts samples, of which there are `n_stored`:
    the note, and what it goes on with while it is held. `table` is what then stands at the slot's
    end; without it the note has a plain loop, or none.
    """

    pitch: Annotated[int, msgspec.Meta(ge=0, le=127)]
    offset: Count
    peak: float
    n_frames: Count
    loop_start: Count
    loop_end: Count
    loop_gain: float
    gain: float
    n_stored: Count
    table: list[float]

    def is_sound(self, n_samples: int) -> bool:
        """Whether all of it lies within the file and itself."""
        numbers = (self.peak, self.loop_gain, self.gain, *self.table)
        return (
            self.n_frames <= self.n_stored
            and self.offset + self.n_stored <= n_samples
            and len(self.table) in (0, TABLE_FRAMES)
            and (self.loop_start < self.loop_end <= self.n_frames or self.loop_end == 0)
            and bool(np.isfinite(numbers).all())
        )


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    cell: str
    sample_rate: float
    notes: list[_BakedNote]


class BakedKeyboard:
    """A keyboard read from disk; its notes are copied out of a memory-mapped file.

    Attributes:
        cell: Of the `Target` that it is of.
    """

    def __init__(self, header: _Header, samples: NDArray[np.int16]) -> None:
        """Use `BakeFolder.load`."""
        self.cell = header.cell
        self._sample_rate = header.sample_rate
        self._notes = {note.pitch: note for note in header.notes}
        self._samples = samples

    @property
    def pitches(self) -> tuple[int, ...]:
        """The pitches it has a note for."""
        return tuple(self._notes)

    def copy_note(self, pitch: int, slot: int, out: NDArray[np.float32]) -> NoteInfo:
        """Write a note into a slot.

        Args:
            pitch: One of `pitches`.
            slot: The slot's number, for the info.
            out: float32 [frame], the slot itself.

        Raises:
            ValueError: If the slot is too short for the note.
        """
        note = self._notes[pitch]
        n_stored = note.n_stored
        if n_stored + len(note.table) > len(out):
            raise ValueError(f"a note of {n_stored} frames does not fit into {len(out)}")
        stored = self._samples[note.offset : note.offset + n_stored]
        np.multiply(stored, np.float32(note.peak / FULL_SCALE), out=out[:n_stored])
        if note.table:
            out[len(out) - TABLE_FRAMES :] = note.table
        elif n_stored + TABLE_FRAMES <= len(out):
            clear_table(out)
        return NoteInfo(
            slot=slot,
            n_frames=note.n_frames,
            loop_start=note.loop_start,
            loop_end=note.loop_end,
            loop_gain=note.loop_gain,
            gain=note.gain,
            sample_rate=self._sample_rate,
        )


class BakeFolder:
    """A folder of baked keyboards with a bounded size; the least recently used go first."""

    def __init__(self, folder: Path, max_bytes: int = 2**30) -> None:
        """Use `folder` (`paths.baked_folder()`); it is made when something is saved."""
        self._folder = folder
        self._max_bytes = max_bytes

    def save(
        self,
        model: str,
        cell: str,
        sample_rate: float,
        notes: Mapping[int, tuple[NoteInfo, NDArray[np.float32]]],
    ) -> bool:
        """Keep a keyboard; False when the disk would not take it (nothing is left behind).

        Takes a good part of a second, so not on the policy thread (`NoteCache.pin_fresh`).

        Args:
            model: Hash of the model.
            cell: Of the `Target`.
            sample_rate: Of the notes, in Hz.
            notes: pitch -> (info, float32 [frame]: the slot).
        """
        stored, parts, offset = [], [], 0
        for pitch, (info, wave) in notes.items():
            note, samples = _store(pitch, info, wave, offset)
            stored.append(note)
            parts.append(samples.tobytes())
            offset += note.n_stored
        header = msgspec.json.encode(_Header(model, cell, sample_rate, stored))
        header += b" " * (-len(MAGIC + header) % 4)  # so that the samples lie on even bytes
        content = b"".join((MAGIC, len(header).to_bytes(4, "little"), header, *parts))
        try:
            write_whole(
                self._path(model, cell, sample_rate), content + hashlib.sha256(content).digest()
            )
            self._shrink()
        except OSError:
            return False
        return True

    def load(self, model: str, cell: str, sample_rate: float) -> BakedKeyboard | None:
        """Open a keyboard; None when there is none or it is damaged (then it is deleted)."""
        path = self._path(model, cell, sample_rate)
        try:
            keyboard = _read(path, model, cell, sample_rate)
        except OSError:  # not there, or not to be read
            return None
        except ValueError:
            keyboard = None
        if keyboard is None:  # only now is the file unmapped, so that Windows can delete it
            _delete(path)
            return None
        _touch(path)
        return keyboard

    def _path(self, model: str, cell: str, sample_rate: float) -> Path:
        identity = f"{model} {cell} {sample_rate:g}"
        return self._folder / (hashlib.sha256(identity.encode()).hexdigest()[:32] + SUFFIX)

    def _shrink(self) -> None:
        """Delete the least recently used keyboards until the rest fit."""
        files = [(path.stat(), path) for path in self._folder.glob("*" + SUFFIX)]
        excess = sum(status.st_size for status, _ in files) - self._max_bytes
        for status, path in sorted(files, key=lambda file: file[0].st_mtime_ns):
            if excess <= 0:
                break
            _delete(path)
            excess -= status.st_size


def _store(
    pitch: int, info: NoteInfo, wave: NDArray[np.float32], offset: int
) -> tuple[_BakedNote, NDArray[np.int16]]:
    table = read_table(wave) if info.loop_end else []
    n_stored = info.n_frames + (texture_frames(info) if table else 0)
    played = wave[:n_stored]
    peak = max(float(np.abs(played).max(initial=0.0)), 1e-9)
    samples = np.rint(played * np.float32(FULL_SCALE / peak)).astype("<i2")
    note = _BakedNote(
        pitch,
        offset,
        peak,
        info.n_frames,
        info.loop_start,
        info.loop_end,
        info.loop_gain,
        info.gain,
        n_stored,
        table,
    )
    return note, samples


def _read(path: Path, model: str, cell: str, sample_rate: float) -> BakedKeyboard:
    """Check a file and give its keyboard.

    Raises:
        OSError: If it can't be read.
        ValueError: If it is no file of ours, damaged, or not the one that its name promises.
    """
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = len(MAGIC) + 4
    end = len(content) - _DIGEST_BYTES
    if content[: len(MAGIC)] != MAGIC or end < start:
        raise ValueError("not a keyboard")
    with memoryview(content) as view:
        if hashlib.sha256(view[:end]).digest() != view[end:]:
            raise ValueError("damaged")
    n_header = int.from_bytes(content[len(MAGIC) : start], "little")
    header = msgspec.json.decode(content[start : start + n_header], type=_Header)
    samples = np.frombuffer(content, "<i2", (end - start - n_header) // 2, start + n_header)
    if (header.model, header.cell, header.sample_rate) != (model, cell, sample_rate):
        raise ValueError("another keyboard")
    if not all(note.is_sound(len(samples)) for note in header.notes):
        raise ValueError("a note outside the file")
    return BakedKeyboard(header, samples)


def _touch(path: Path) -> None:
    """Mark a file as used now; where that is not allowed, it only goes sooner."""
    try:
        os.utime(path)
    except OSError:
        return


def _delete(path: Path) -> None:
    """Delete a file; one that another process has open (Windows) stays until the next time."""
    try:
        path.unlink()
    except OSError:
        return
