"""A sound file that grows while it is played: WAV or FLAC, beside its place until it is whole."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from instrument.storage.file_names import reason_of
from instrument.values.status import RecordError, SoundFormat

SUFFIX: dict[SoundFormat, str] = {"wav24": ".wav", "wav32": ".wav", "flac": ".flac"}
_SUBTYPE = {"wav24": "PCM_24", "wav32": "FLOAT", "flac": "PCM_24"}
_BYTES = {"wav24": 3, "wav32": 4}  # of a sample; a FLAC may become as long as the disk has room
LARGEST_WAV = 4_000_000_000  # bytes; its length has 32 bits
N_CHANNELS = 2
_UPDATE_HEADER_AUTO = 0x1061  # libsndfile's SFC_SET_UPDATE_HEADER_AUTO


class SoundFile:
    """Writes blocks to `NAME.part.wav` (or .flac), which becomes `NAME.wav` when it is closed.

    The part is a whole file at any time: a WAV's header is brought up to date with every write,
    and FLAC needs no length. So what a crash or a power cut leaves behind can be played.
    """

    def __init__(self, path: Path, sample_rate: int, kind: SoundFormat) -> None:
        """Open the file; its folder is made when it is not there.

        Raises:
            RecordError: If that is not possible.
        """
        self.path = path
        self.part = part_of(path)
        self.n_frames = 0
        self._most_frames = LARGEST_WAV // (N_CHANNELS * _BYTES[kind]) if kind in _BYTES else None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = soundfile.SoundFile(
                self.part,
                "w",
                sample_rate,
                N_CHANNELS,
                _SUBTYPE[kind],
                format="FLAC" if kind == "flac" else "WAV",
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise RecordError(f'Could not record to "{path}": {_reason(error, path)}.') from error
        if kind != "flac":
            library: Any = soundfile
            library._snd.sf_command(self._file._file, _UPDATE_HEADER_AUTO, library._ffi.NULL, True)

    def write(self, frames: NDArray[np.float32]) -> None:
        """Append float32 [frame, 2].

        Raises:
            RecordError: If the disk is full, or the file as long as its format allows.
        """
        if self._most_frames is not None and self.n_frames + len(frames) > self._most_frames:
            raise RecordError(
                f'"{self.path.name}" is as long as a WAV can be: 4 GB. Start another, or use FLAC'
            )
        try:
            self._file.write(frames)
            self._file.flush()
        except (OSError, soundfile.SoundFileError) as error:
            raise RecordError(
                f'Could not go on recording to "{self.path}": {_reason(error, self.path)}'
            ) from error
        self.n_frames += len(frames)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            RecordError: If that is not possible; then the part stays, and can be played.
        """
        try:
            self._file.close()
            self.part.replace(self.path)
        except (OSError, soundfile.SoundFileError) as error:
            raise RecordError(
                f"The recording could not be finished: {_reason(error, self.path)}. "
                f'It is in "{self.part}".'
            ) from error


def part_of(path: Path) -> Path:
    """Give the name that a recording has until it is whole."""
    return path.with_name(f"{path.stem}.part{path.suffix}")


def _reason(error: Exception, path: Path) -> str:
    """Say why a file can't be written; libsndfile does not tell of a full disk."""
    if isinstance(error, OSError):
        return reason_of(error)
    try:
        statistics = os.statvfs(path.parent)
    except (OSError, AttributeError):
        return str(error)
    if statistics.f_bavail * statistics.f_frsize < 1 << 20:
        return reason_of(OSError(errno.ENOSPC, ""))
    return str(error)
