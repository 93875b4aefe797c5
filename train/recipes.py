"""Recipes by name: which trainer a configuration asks for."""

import torch

from .config import TrainConfig, WarmStartConfig
from .dataset import TrainingSet
from .trainer import Trainer
from .warm_start import WarmStart


def make_trainer(
    config: TrainConfig, data: TrainingSet, rank: int, device: torch.device
) -> Trainer:
    """Make one worker's trainer, at the beginning of its run.

    Args:
        config: Says the recipe.
        data: What to learn; the same on every worker.
        rank: The worker's number.
        device: Where it computes.
    """
    assert isinstance(config, WarmStartConfig)
    return WarmStart(config, data, rank, device)
