"""Recordings of any rate, length and format, read a block at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from .cutting import STEP_SECONDS
from .notes import Wave

# fmt: off
READABLE = frozenset({
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64",
    ".snd", ".w64", ".wav", ".wave",
})
OTHER_SOUND = frozenset({
    ".aac", ".ac3", ".alac", ".ape", ".m4a", ".mka", ".mp4", ".mpc", ".wma", ".wv",
})
# fmt: on

_STEPS_PER_BLOCK = 100
_FULL_SCALE = 0.985
_CLIPPED_SAMPLES = 8  # a few samples at full scale are heard by nobody
# The mean of two channels that agree has the power of one; of two that have nothing in common
# it has half, and the one comb-filters the other.
_AGREEMENT = 0.6


class RecordingError(Exception):
    """A file cannot be used; says which and what to do."""


@dataclass(frozen=True)
class Survey:
    """What is known of a recording after one pass.

    Attributes:
        sample_rate: Hz.
        n_samples: Of each channel.
        level_db: float32 [step], dB of full scale of the loudest channel, one each 10 ms.
        n_clipped: Samples that stand still at full scale.
    """

    sample_rate: int
    n_samples: int
    level_db: NDArray[np.float32]
    n_clipped: int

    @property
    def is_clipped(self) -> bool:
        """Whether enough is clipped to be heard."""
        return self.n_clipped >= _CLIPPED_SAMPLES


def survey(path: Path) -> Survey:
    """Read a recording once, in memory that does not grow with its length.

    Raises:
        RecordingError: If it cannot be read, or is empty.
    """
    levels = []
    n_samples = n_clipped = 0
    with _opened(path) as file:
        rate = file.samplerate
        step = max(1, round(STEP_SECONDS * rate))
        for block in file.blocks(_STEPS_PER_BLOCK * step, dtype="float32", always_2d=True):
            if not np.isfinite(block).all():
                raise RecordingError(f"{path} holds numbers that are no sound. Export it again.")
            n_samples += len(block)
            n_clipped += _n_clipped(block)
            levels.append(_levels_db(block, step))
    if not n_samples:
        raise RecordingError(f"{path} is empty. Remove it or record it again.")
    return Survey(rate, n_samples, np.concatenate(levels), n_clipped)


def read_part(path: Path, start_seconds: float, end_seconds: float) -> tuple[Wave, int]:
    """Read a part of a recording as one channel.

    Returns:
        float32 [sample], and its rate in Hz.

    Raises:
        RecordingError: If it cannot be read, or ends before.
    """
    with _opened(path) as file:
        start, end = (round(s * file.samplerate) for s in (start_seconds, end_seconds))
        file.seek(min(start, file.frames))
        channels = file.read(end - start, dtype="float32", always_2d=True)
        if not len(channels):
            raise RecordingError(f"{path} is cut short. Export it again.")
        return to_mono(channels), file.samplerate


def to_mono(channels: NDArray[np.float32]) -> Wave:
    """Make one channel of several, so that nothing cancels.

    Their mean where they agree; else, as with microphones far apart or out of phase, the
    loudest alone.

    Args:
        channels: float32 [sample, channel].

    Returns:
        float32 [sample].
    """
    power = np.mean(np.square(channels, dtype=np.float64), axis=0)
    mean = channels.mean(axis=1)
    if float(np.mean(np.square(mean, dtype=np.float64))) >= _AGREEMENT * float(power.max()):
        return mean
    return channels[:, int(power.argmax())]


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    try:
        if path.stat().st_size == 0:
            raise RecordingError(f"{path} is empty. Remove it or record it again.")
        with soundfile.SoundFile(path) as file:
            yield file
    except OSError as error:
        raise RecordingError(f"Could not read {path}: {error.strerror}.") from error
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise RecordingError(f"Could not read {path}: {reason}. Export it again as WAV.") from error


def _n_clipped(block: NDArray[np.float32]) -> int:
    """Count samples that are the third or a later one in a row at the same full level."""
    full = np.abs(block) >= _FULL_SCALE
    still = full[1:] & (block[1:] == block[:-1])
    return int(np.count_nonzero(still[1:] & still[:-1]))


def _levels_db(block: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Measure the level of each step: float32 [step], dB of full scale, without DC."""
    centred = block - block.mean(axis=0)
    n_steps = -(-len(centred) // step)
    padded = np.pad(centred, [(0, n_steps * step - len(centred)), (0, 0)])
    power = np.square(padded).reshape(n_steps, step, -1).mean(axis=1).max(axis=1)
    return (10.0 * np.log10(power + 1e-14)).astype(np.float32)
