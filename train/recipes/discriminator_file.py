"""A critic beside the model that it judged: what a model that is trained further begins with.

`discriminator.safetensors` is no part of a model: playing does without it, and it does not
count for the model's identity. Its shape stands in the file itself.
"""

from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from train.datasets.files import write_whole
from train.datasets.notes import DatasetError

from .critic import Critic, CriticConfig

DISCRIMINATOR_FILE = "discriminator.safetensors"
_FORMAT = {"format": "timbrepad-discriminator", "version": "1"}
_MAXIMUM_BYTES = 1_000_000_000


def write_discriminator(
    folder: Path, weights: dict[str, torch.Tensor], shape: CriticConfig
) -> Path:
    """Write a critic into a model's folder, whole or not at all.

    Args:
        folder: The model's.
        weights: Of a `Critic`; written as float16, half the size.
        shape: Its.

    Raises:
        DatasetError: If it can't be written.
    """
    halves = {name: tensor.half().contiguous() for name, tensor in weights.items()}
    words = _FORMAT | {"config": msgspec.json.encode(shape).decode()}
    path = folder / DISCRIMINATOR_FILE
    write_whole(path, save(halves, words))
    return path


def read_discriminator(folder: Path, critic: Critic) -> bool:
    """Load a critic from a model's folder.

    Args:
        folder: The model's.
        critic: Gets the weights; its shape must be the file's.

    Returns:
        Whether there was one.

    Raises:
        DatasetError: If the file is damaged, or of another shape.
    """
    path = folder / DISCRIMINATOR_FILE
    if not path.exists():
        return False
    if path.stat().st_size > _MAXIMUM_BYTES:
        raise DatasetError(f"{path} is too large to be a discriminator. Delete it, or use another.")
    try:
        with safe_open(path, "pt") as file:
            words = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        if {name: words.get(name) for name in _FORMAT} != _FORMAT:
            raise DatasetError(f"{path} is of another version of Timbrepad. Delete it to go on.")
        shape = msgspec.json.decode(words["config"], type=CriticConfig)
        if shape != critic.config:
            raise DatasetError(
                f"{path} judges notes of another network than this run's. Delete it to go on "
                "with a new discriminator."
            )
        critic.load_state_dict(tensors)
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
        line = str(error).splitlines()[0]
        raise DatasetError(f"{path} is damaged ({line}). Delete it, or get it again.") from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise DatasetError(f"{path} is damaged: it holds numbers that are not finite.")
    return True
