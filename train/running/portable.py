"""A run made small enough to carry to another machine: float16 weights in pieces of a size.

Adam's moments stay behind: they remember about a hundred steps. What goes is the running mean
of the weights, which the generator then goes on from, and the discriminator. float16 changes
a generator's output by less than a thousandth of its range.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from train.datasets.notes import DatasetError
from train.recipes.trainer import Trainer

from .state_file import DamagedFileError, read_state, write_state

PIECE_BYTES = 16 * 1024 * 1024
_HEADER_BYTES = 256 * 1024  # names and shapes, which lie in the piece, too
_FORMAT = {"format": "timbrepad-piece", "version": "1"}
_MEAN, _DECODER, _CRITIC = "mean.", "decoder.", "critic."


def write_pieces(
    folder: Path, state: Mapping[str, Tensor], examples_seen: int, piece_bytes: int = PIECE_BYTES
) -> list[Path]:
    """Write a trainer's state small, in files of at most a size; each whole or not at all.

    Args:
        folder: Gets `piece-1-of-3.safetensors` and so on; pieces that are there are removed.
        state: What `Trainer.state` gave.
        examples_seen: Where that was.
        piece_bytes: Of a file.

    Returns:
        The files.

    Raises:
        DatasetError: If they can't be written, or a weight is beyond float16.
    """
    halves = {name: _half(name, tensor) for name, tensor in _carried(state).items()}
    room = (piece_bytes - min(_HEADER_BYTES, piece_bytes // 4)) // 2
    pieces = list(_pack(halves, room))
    for old in folder.glob("piece-*.safetensors"):
        old.unlink()
    paths = []
    for number, piece in enumerate(pieces, 1):
        path = folder / f"piece-{number}-of-{len(pieces)}.safetensors"
        words = {"piece": f"{number}/{len(pieces)}", "examples_seen": str(examples_seen)}
        write_state(path, piece, _FORMAT | words)
        paths.append(path)
    return paths


def read_pieces(folder: Path) -> tuple[dict[str, Tensor], int]:
    """Read what `write_pieces` wrote.

    Returns:
        The tensors, float32, and the examples seen.

    Raises:
        DatasetError: If a piece is missing, damaged or of another set.
    """
    paths = sorted(folder.glob("piece-*.safetensors"))
    if not paths:
        raise DatasetError(
            f"{folder} holds no pieces of a run; timbrepad train --carry makes them."
        )
    parts: dict[str, dict[int, Tensor]] = {}
    found: dict[str, set[str]] = {}
    for path in paths:
        try:
            tensors, words = read_state(path)
        except DamagedFileError as error:
            raise DatasetError(f"{path} is damaged ({error}). Carry it again.") from error
        if {name: words.get(name) for name in _FORMAT} != _FORMAT:
            raise DatasetError(f"{path} is of another version of Timbrepad. Carry it again.")
        number, count = words["piece"].split("/")
        found.setdefault(f"{words['examples_seen']} {count}", set()).add(number)
        for name, tensor in tensors.items():
            whole, start = name.rsplit("@", 1)
            parts.setdefault(whole, {})[int(start)] = tensor
    if len(found) > 1:
        raise DatasetError(f"{folder} holds pieces of several runs. Keep those of one.")
    ((place, numbers),) = found.items()
    seen, count = place.split()
    missing = sorted({str(n) for n in range(1, int(count) + 1)} - numbers)
    if missing:
        raise DatasetError(f"{folder} lacks piece {missing[0]} of {count}. Carry that, too.")
    return {name: _join(of_name) for name, of_name in parts.items()}, int(seen)


def begin_from(trainer: Trainer, folder: Path) -> int:
    """Let a trainer go on from pieces; its optimisers begin anew.

    Args:
        trainer: At the beginning of its run.
        folder: With pieces.

    Returns:
        The examples seen.

    Raises:
        DatasetError: If the pieces are damaged, or of another recipe or network.
    """
    carried, seen = read_pieces(folder)
    state = dict(trainer.state())
    for name, tensor in carried.items():
        shape = state[name].shape if name in state else tensor.shape
        state[name] = tensor.reshape(shape) if tensor.numel() == math.prod(shape) else tensor
        learned = _DECODER + name.removeprefix(_MEAN)
        if name.startswith(_MEAN) and learned in state:
            state[learned] = state[name]
    try:
        trainer.load(state)
    except ValueError as error:
        raise DatasetError(
            f"{folder} is of another run: {error}. Carry that of this one."
        ) from error
    return seen


def _carried(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Choose what goes: the mean, the discriminator, and single numbers of a recipe."""
    single = {name for name, tensor in state.items() if "." not in name and tensor.numel() == 1}
    return {
        name: tensor
        for name, tensor in state.items()
        if name.startswith((_MEAN, _CRITIC)) or name in single
    }


def _half(name: str, tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor.cpu()
    half = tensor.detach().half().cpu()
    if not bool(torch.isfinite(half).all()):
        raise DatasetError(f"The tensor {name} is beyond float16 and can't be carried.")
    return half


def _pack(tensors: Mapping[str, Tensor], room: int) -> Iterator[dict[str, Tensor]]:
    """Fill pieces with at most `room` numbers each, cutting tensors where one is full.

    Yields:
        Flat parts of tensors, each named after its tensor and where it begins.
    """
    piece: dict[str, Tensor] = {}
    left = room
    for name, tensor in tensors.items():
        flat = tensor.reshape(-1)
        start = 0
        while start < len(flat):
            part = flat[start : start + left]
            piece[f"{name}@{start}"] = part
            start += len(part)
            left -= len(part)
            if not left:
                yield piece
                piece, left = {}, room
    if piece:
        yield piece


def _join(parts: Mapping[int, Tensor]) -> Tensor:
    whole = torch.cat([parts[start] for start in sorted(parts)])
    return whole.float() if whole.is_floating_point() else whole
