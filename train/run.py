"""A run's folder: its settings, checkpoints to resume from, statistics, the finished model."""

import os
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from .config import TrainConfig
from .notes import DatasetError, write_error

_CONFIG = "config.json"
_CHECKPOINT = "checkpoint.safetensors"
_STATS = "stats.jsonl"
_MOMENTS = ("exp_avg", "exp_avg_sq")


class Run:
    """One folder of one training run. Everything in it is data; nothing is pickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is something to resume."""
        return (self.folder / _CHECKPOINT).exists()

    def check(self, config: TrainConfig) -> None:
        """Make sure that a run with these settings can begin or go on here.

        Raises:
            DatasetError: If the folder holds a run with another network.
        """
        if self.has_checkpoint:
            old = self.config()
            if old.network != config.network:
                raise DatasetError(
                    f"{self.folder} holds a run of another network ({old.width}, "
                    f"{old.latent_size} latents). Choose another --run folder."
                )

    def start(self, config: TrainConfig) -> None:
        """Make the folder and write the settings.

        Raises:
            DatasetError: If the folder can't be written.
        """
        path = self.folder / _CONFIG
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, msgspec.json.format(msgspec.json.encode(config), indent=2))
        except OSError as error:
            raise write_error(path, error) from error

    def config(self) -> TrainConfig:
        """Read the run's settings.

        Raises:
            DatasetError: If the folder holds no run or its settings are damaged.
        """
        path = self.folder / _CONFIG
        try:
            return msgspec.json.decode(path.read_bytes(), type=TrainConfig)
        except OSError as error:
            raise DatasetError(f"{self.folder} holds no training run.") from error
        except msgspec.DecodeError as error:
            raise DatasetError(f"{path} is damaged: {error}.") from error

    def save(
        self, decoder: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer, seen: int
    ) -> None:
        """Write a checkpoint, whole or not at all."""
        tensors: dict[str, Tensor] = {}
        for prefix, module in (("decoder", decoder), ("mean", mean)):
            for name, value in module.state_dict().items():
                tensors[f"{prefix}.{name}"] = value.contiguous()
        for name, parameter in decoder.named_parameters():
            state: dict[str, Any] = optimiser.state.get(parameter, {})
            for moment in _MOMENTS:
                if moment in state:
                    tensors[f"{moment}.{name}"] = state[moment].contiguous()
            if "step" in state:
                tensors[f"step.{name}"] = state["step"].reshape(1)
        data = save(tensors, {"format": "timbrepad-checkpoint", "examples_seen": str(seen)})
        path = self.folder / _CHECKPOINT
        try:
            write_whole(path, data)
        except OSError as error:
            raise write_error(path, error) from error

    def resume(self, decoder: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Load the checkpoint where there is one; give the examples seen.

        Raises:
            DatasetError: If the checkpoint is damaged or of another network.
        """
        path = self.folder / _CHECKPOINT
        if not path.exists():
            return 0
        try:
            with safe_open(path, "pt") as file:
                seen = int(file.metadata()["examples_seen"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            for prefix, module in (("decoder", decoder), ("mean", mean)):
                module.load_state_dict(_below(tensors, prefix))
        except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
            line = str(error).splitlines()[0]
            raise DatasetError(f"{path} can't be resumed: {line} Choose another --run.") from error
        for name, parameter in decoder.named_parameters():
            if f"step.{name}" in tensors:
                state = {moment: tensors[f"{moment}.{name}"] for moment in _MOMENTS}
                optimiser.state[parameter] = {"step": tensors[f"step.{name}"][0], **state}
        return seen

    def log(self, progress: msgspec.Struct) -> None:
        """Append a line to the statistics."""
        with (self.folder / _STATS).open("ab") as file:
            file.write(msgspec.json.encode(progress) + b"\n")

    def mean_weights(self) -> dict[str, Tensor]:
        """Read the running mean of the weights from the checkpoint.

        Raises:
            DatasetError: If there is no checkpoint.
        """
        path = self.folder / _CHECKPOINT
        if not path.exists():
            raise DatasetError(f"{self.folder} holds no checkpoint yet.")
        with safe_open(path, "pt") as file:
            names = [name for name in file.keys() if name.startswith("mean.")]  # noqa: SIM118
            return {name.removeprefix("mean."): file.get_tensor(name) for name in names}


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
