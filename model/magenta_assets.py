"""Read the normaliser that a GANSynth training measured on its data."""

import io
import math
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from .checkpoint import ModelError

MAXIMUM_BYTES = 1_000_000
_MEMBER = "normalizer.npy"


def read_normalizer(file: Path, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Read a normaliser's numbers; nothing in the file is unpickled.

    Args:
        file: `specgrams_simple_normalizer.npz`, or that of each frequency.
        shape: That they must have: [4] or [freq, 4]: scale and offset of the log magnitude, then
            of the phase.

    Raises:
        ModelError: If the file can't be read, or holds something else.
    """
    try:
        numbers = _read(file, shape)
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        RuntimeError,
        zlib.error,
        zipfile.BadZipFile,
    ) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f'"{file}" is not GANSynth\'s normaliser: {reason}.') from error
    if not np.isfinite(numbers).all():
        raise ModelError(f'"{file}" holds numbers that are not finite.')
    return numbers


def _read(file: Path, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Read the array, whose size is known beforehand: only so much memory is asked for.

    Raises:
        ValueError: If it is of another size, or holds no floats.
    """
    with zipfile.ZipFile(file) as archive, archive.open(_MEMBER) as member:
        data = member.read(MAXIMUM_BYTES + 1)
    if len(data) > MAXIMUM_BYTES:
        raise ValueError("it is too large")
    stream = io.BytesIO(data)
    if npy.read_magic(stream) != (1, 0):
        raise ValueError("it is of another version")
    seen, by_columns, dtype = npy.read_array_header_1_0(stream)
    if dtype.kind != "f" or seen != shape:
        raise ValueError(f"it holds {dtype} {list(seen)}, not floats {list(shape)}")
    numbers = stream.read()
    if len(numbers) != math.prod(shape) * dtype.itemsize:
        raise ValueError("it is cut off")
    array = np.frombuffer(numbers, dtype).reshape(shape, order="F" if by_columns else "C")
    return array.astype(np.float64)
