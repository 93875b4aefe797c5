"""A recording that plays once beside the notes: a file, at the device's rate."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

CLIP_LEVEL = 0.5  # of full scale, at the loudest: as loud as a note
_SILENCE = 1e-6


def read_clip(path: Path, sample_rate: float, n_frames: int) -> NDArray[np.float32]:
    """Read the beginning of a recording, as loud as a note.

    Args:
        path: WAV, FLAC or whatever libsndfile reads.
        sample_rate: Wanted, in Hz.
        n_frames: At most.

    Returns:
        float32 [frame], mono.

    Raises:
        ValueError: If it can't be read, or holds no sound.
    """
    try:
        with path.open("rb") as opened, soundfile.SoundFile(opened) as file:
            n_wanted = int(n_frames * file.samplerate / sample_rate)
            wave = file.read(n_wanted, "float32", always_2d=True).mean(1)
            rate = file.samplerate
    except OSError as error:
        raise ValueError(f"{path} can't be played: {error.strerror}.") from error
    except soundfile.SoundFileError as error:
        raise ValueError(f"{path} can't be played: it is no recording, or damaged.") from error
    if not len(wave) or not np.isfinite(wave).all():
        raise ValueError(f"{path} can't be played: it holds no sound.")
    if rate != sample_rate:
        wave = soxr.resample(wave, rate, sample_rate)
    wave = wave[:n_frames] * (CLIP_LEVEL / max(float(np.abs(wave).max()), _SILENCE))
    return wave.astype(np.float32)
