"""Recorded parts added up: through the limiter, brought to a level, into a file.

Parts lie on the disk as float32, so a long song with many of them needs no more memory than a
short one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from instrument.engine.envelope import BLOCK
from instrument.engine.kernels import kernel
from instrument.engine.limiter import limit_block, limiter_coefficient

Frames = NDArray[np.float32]

CHUNK_FRAMES = 1024 * BLOCK
PART_FORMAT = {"format": "W64", "subtype": "FLOAT"}  # a WAV of 4 GB is an hour of stereo floats
SILENCE = 1e-6


@kernel
def _limit(waves: Frames, gain: np.float32, recovery: float) -> np.float32:
    """Limit float32 [2, frame], whole blocks, in place; give the gain at the end."""
    for start in range(0, waves.shape[1], BLOCK):
        gain = limit_block(waves[:, start : start + BLOCK], gain, recovery)
    return gain


def sum_of(parts: Sequence[Path]) -> Iterator[Frames]:
    """Add recorded parts up: float32 [frame, 2], in chunks; the shorter are silent at their end."""
    with ExitStack() as stack:
        files = [stack.enter_context(soundfile.SoundFile(path)) for path in parts]
        left = max(file.frames for file in files)
        while left > 0:
            n = min(left, CHUNK_FRAMES)
            total = np.zeros((n, 2), np.float32)
            for file in files:
                chunk = file.read(n, "float32", always_2d=True)
                total[: len(chunk)] += chunk
            yield total
            left -= n


def limited(chunks: Iterator[Frames], sample_rate: float) -> Iterator[Frames]:
    """Keep a mix below full scale, as the engine does: float32 [frame, 2], in chunks."""
    gain, recovery = np.float32(1.0), limiter_coefficient(sample_rate)
    for chunk in chunks:
        n_padding = -len(chunk) % BLOCK
        waves = np.ascontiguousarray(np.pad(chunk, ((0, n_padding), (0, 0))).T)
        gain = np.float32(_limit(waves, gain, recovery))  # it comes back as a Python float
        yield np.ascontiguousarray(waves.T[: len(chunk)])


def mix(parts: Sequence[Path], sample_rate: float) -> Iterator[Frames]:
    """Give a mix: one part is as it is, several are added up and limited."""
    total = sum_of(parts)
    return limited(total, sample_rate) if len(parts) > 1 else total


def write_mix(
    parts: Sequence[Path],
    sample_rate: float,
    write: Callable[[Frames], None],
    peak_db: float | None = None,
) -> None:
    """Write a mix.

    Args:
        parts: The recorded parts, stereo.
        sample_rate: In Hz.
        write: Takes each chunk, float32 [frame, 2].
        peak_db: Where the loudest sample shall be, in dB of full scale; None leaves the level.
    """
    gain = np.float32(1.0)
    if peak_db is not None:
        peak = max(float(np.abs(chunk).max()) for chunk in mix(parts, sample_rate))
        if peak > SILENCE:  # silence stays silent
            gain = np.float32(10 ** (peak_db / 20) / peak)
    for chunk in mix(parts, sample_rate):
        write(chunk * gain)
