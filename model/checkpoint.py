"""The model file: a folder with `config.json` and `weights.safetensors`; data only.

A model's identity is the hash of both files. It is written whole or not at all, and read so
that a damaged, foreign or hostile folder gives one line and runs nothing.
"""

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from .config import ModelConfig, decode_config, encode_config

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "weights.safetensors"
MAXIMUM_CONFIG_BYTES = 4_000_000
MAXIMUM_WEIGHTS_BYTES = 1_000_000_000


class ModelError(Exception):
    """A model can't be read or written; the message says which, why and what to do."""


def model_hash(folder: Path) -> str:
    """Give a model's identity: 64 hexadecimal digits over both of its files.

    Raises:
        ModelError: If the folder is not a model.
    """
    digest = sha256()
    for name, limit in (
        (CONFIG_FILE, MAXIMUM_CONFIG_BYTES),
        (WEIGHTS_FILE, MAXIMUM_WEIGHTS_BYTES),
    ):
        data = _read(folder, name, limit)
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def latent_space_of(folder: Path) -> str:
    """Give the identity of a model's latent space: what its configuration says, else its hash.

    Raises:
        ModelError: If the folder is not a model.
    """
    return read_config(folder).latent_space or model_hash(folder)


def read_config(folder: Path) -> ModelConfig:
    """Read and check a model's configuration.

    Raises:
        ModelError: If the folder is not a model of this program.
    """
    text = _read(folder, CONFIG_FILE, MAXIMUM_CONFIG_BYTES)
    try:
        return decode_config(text)
    except ValueError as error:
        raise ModelError(
            f"{folder / CONFIG_FILE} is not a Timbrepad model, or is of another version: {error}."
        ) from error


def read_model(folder: Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    """Read a model: its configuration, and its tensors by name.

    Raises:
        ModelError: If the folder is not a model, or is damaged.
    """
    config = read_config(folder)
    data = _read(folder, WEIGHTS_FILE, MAXIMUM_WEIGHTS_BYTES)
    try:
        return config, load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelError(
            f"{folder / WEIGHTS_FILE} is damaged ({error}). Import the model again."
        ) from error


def write_model(folder: Path, config: ModelConfig, tensors: dict[str, Tensor]) -> None:
    """Write a model whole: into a new folder beside it, which then takes its place.

    Args:
        folder: The model's folder; a model that is there is replaced.
        config: What it says of itself.
        tensors: float32 or float16, by name.

    Raises:
        ModelError: If it can't be written; what was there stays.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            partial.chmod(0o755)
            (partial / CONFIG_FILE).write_bytes(encode_config(config))
            weights = {name: tensor.contiguous() for name, tensor in tensors.items()}
            (partial / WEIGHTS_FILE).write_bytes(save(weights))
            old = partial / "old"
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
            shutil.rmtree(folder / "old", ignore_errors=True)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"Could not write {folder}: {error.strerror}. Free space, or choose another folder."
        ) from error


def _read(folder: Path, name: str, limit: int) -> bytes:
    path = folder / name
    try:
        size = path.stat().st_size
        if size > limit:
            raise ModelError(f"{path} is too large to be a model's ({size} bytes).")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder} is not a model: it has no {name}. Choose a folder with {CONFIG_FILE} and "
            f"{WEIGHTS_FILE}."
        ) from error
    except OSError as error:
        raise ModelError(f"Could not read {path}: {error.strerror}.") from error
