"""The note pool: rendered notes in memory that the renderer writes and the engine reads."""

import os
import shutil
import sys
import weakref
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

SILENT_SLOT = 0
_SAMPLE_BYTES = 4
_PAGE_SAMPLES = 1024
_SHARED_MEMORY_FOLDER = Path("/dev/shm")


class PoolError(Exception):
    """There is no room for the notes; the message says how much is missing."""


class NoteInfo(msgspec.Struct, frozen=True):
    """Where a rendered note lies in the pool and how it is played.

    Attributes:
        slot: Row of the pool; 0 is silence.
        n_frames: Frames that hold sound.
        loop_start: First frame of the steady part, which a held note goes on in (`endless.py`).
        loop_end: Frame after its last; 0 when there is none: then the note just ends.
        loop_gain: Factor on the level in the time that it lasts: a decaying note decays on.
        gain: The note's own level.
        sample_rate: Of the samples, in Hz: the device's rate.
        first_frame: Of a crop, which lies in its slot where it would lie in the whole note: the
            first frame that holds sound. 0: the note is there from its beginning.
        crest: How high the note peaks re a small image of it, for crops of notes like it; 0 where
            that is not known.
        later: Frames from a moment of a note that takes a held one's place to the held one's that
            sounds with it.
        timbre: Equal ones sound alike; 0: not known.
        is_followed: Whether sounding voices go over to it; else it is for new strikes alone.
    """

    slot: int
    n_frames: int
    loop_start: int = 0
    loop_end: int = 0
    loop_gain: float = 1.0
    gain: float = 1.0
    sample_rate: float = 48000.0
    first_frame: int = 0
    crest: float = 0.0
    later: int = 0
    timbre: int = 0
    is_followed: bool = True


class NotePool:
    """Rendered notes, float32 [slot, frame], in memory that several processes map.

    A slot is written by one renderer, then published, then never changed until nobody reads it.
    """

    def __init__(self, n_slots: int, n_frames: int, *, name: str | None = None) -> None:
        """Make a pool, or map one that another process made.

        Args:
            n_slots: Notes it can hold, with slot 0, which stays silent.
            n_frames: Frames of each.
            name: The maker's `name`, to map its pool; None makes a new one.

        Raises:
            ValueError: If it could hold no note.
            PoolError: If there is no room for it, or no pool of that name.
        """
        if n_slots < 2 or n_frames < 1:
            raise ValueError(f"a pool needs 2 slots of 1 frame, not {n_slots} of {n_frames}")
        n_bytes = n_slots * n_frames * _SAMPLE_BYTES
        if name is None:
            _check_room(n_bytes)
        try:
            self._memory = SharedMemory(name, create=name is None, size=n_bytes)
        except OSError as error:
            raise PoolError(f"Could not map {n_bytes >> 20} MiB for the notes: {error}.") from error
        # frombuffer, unlike ndarray(buffer=), keeps the mapping for as long as the array lives
        mapped = cast(memoryview, self._memory.buf)
        flat = np.frombuffer(mapped, np.float32, n_slots * n_frames)
        self.samples: NDArray[np.float32] = flat.reshape(n_slots, n_frames)
        _leave_mapped(self._memory)
        give_back = self._memory.unlink if name is None else (lambda: None)
        self._give_back = weakref.finalize(self, give_back)  # at the latest when Python ends

    @classmethod
    def attach(cls, name: str, n_slots: int, n_frames: int) -> "NotePool":
        """Map the pool that another process made.

        Call it only in processes started through multiprocessing: they share the maker's
        resource tracker, so that a renderer that dies does not take the pool with it.
        """
        return cls(n_slots, n_frames, name=name)

    @property
    def name(self) -> str:
        """What `attach` needs in another process."""
        return self._memory.name

    @property
    def n_slots(self) -> int:
        """Notes that it can hold, with slot 0."""
        return int(self.samples.shape[0])

    @property
    def n_frames(self) -> int:
        """Frames of each slot."""
        return int(self.samples.shape[1])

    def write(self, slot: int, samples: NDArray[np.float32]) -> None:
        """Put a note's samples, float32 [frame], into a slot that nobody reads."""
        if not 0 < slot < self.n_slots:
            raise ValueError(f"slot must be 1..{self.n_slots - 1}, not {slot}")
        if len(samples) > self.n_frames:
            raise ValueError(f"a slot holds {self.n_frames} frames, not {len(samples)}")
        self.samples[slot, : len(samples)] = samples

    def prefault(self, slot: int, n_frames: int) -> None:
        """Map a slot's pages into this process now, so that the audio thread need not."""
        self.samples[slot, :n_frames:_PAGE_SAMPLES].sum()

    def close(self) -> None:
        """Let go of the pool; its maker also gives the memory back.

        Arrays and engines that still point into it stay valid: the mapping lives as long as they.
        """
        self.samples = np.zeros((1, 1), np.float32)
        self._give_back()


def _leave_mapped(memory: SharedMemory) -> None:
    """Leave the mapping to the arrays that use it: the last of them ends it.

    `SharedMemory` would complain about them when it is closed, and even when Python ends.
    """
    memory.__dict__["_buf"] = None
    memory.__dict__["_mmap"] = None
    memory.close()  # the file descriptor


def _check_room(n_bytes: int) -> None:
    """Look before a write into a full tmpfs kills the process (Linux: SIGBUS)."""
    if not sys.platform.startswith("linux") or not _SHARED_MEMORY_FOLDER.is_dir():
        return
    free = shutil.disk_usage(_SHARED_MEMORY_FOLDER).free
    if free < n_bytes:
        raise PoolError(
            f"The notes need {n_bytes >> 20} MiB in {_SHARED_MEMORY_FOLDER}, which has "
            f"{free >> 20} MiB left. Make it larger, or the note cache smaller "
            f"({os.name} shared memory)."
        )
