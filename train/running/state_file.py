"""Named tensors and a few words about them as one file: safetensors, with a sum of its bytes."""

import zlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from train.datasets.files import write_whole

_SUM = "crc32"


class DamagedFileError(Exception):
    """A file of tensors is cut short, changed, or something else; says how."""


def write_state(path: Path, tensors: Mapping[str, Tensor], words: Mapping[str, str]) -> None:
    """Write tensors whole or not at all.

    Args:
        path: The file.
        tensors: On any device, by name.
        words: What the file says of itself; see `read_words`.

    Raises:
        DatasetError: If it can't be written.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(path, save(whole, {**words, _SUM: _sum_of(whole)}))


def read_words(path: Path) -> dict[str, str]:
    """Read what a file says of itself, without its tensors.

    Raises:
        DamagedFileError: If it is not such a file, or is cut short.
    """
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise DamagedFileError(_line(error)) from error


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read and check a file of tensors.

    Returns:
        Its tensors, on the CPU, and its words.

    Raises:
        DamagedFileError: If it is cut short or its bytes changed since they were written.
    """
    words = read_words(path)
    try:
        tensors = load(path.read_bytes())
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DamagedFileError(_line(error)) from error
    if words.pop(_SUM, None) != _sum_of(tensors):
        raise DamagedFileError("its bytes are not those that were written")
    return tensors, words


def encode_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """Turn tensors into bytes that another worker decodes."""
    return save({name: tensor.contiguous() for name, tensor in tensors.items()})


def decode_tensors(content: bytes) -> dict[str, Tensor]:
    """Turn the bytes of `encode_tensors` into tensors, on the CPU."""
    return load(content)


def _sum_of(tensors: Mapping[str, Tensor]) -> str:
    total = 0
    for name in sorted(tensors):
        total = zlib.crc32(name.encode(), total)
        total = zlib.crc32(tensors[name].reshape(-1).view(torch.uint8).numpy().data, total)
    return f"{total:08x}"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
