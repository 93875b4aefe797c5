"""Recipes by name: which trainer a configuration asks for."""

import torch

from train.datasets.dataset import TrainingSet

from .adversarial import Adversarial
from .config import GANSynthConfig, TimbrepadConfig, TrainConfig, WarmStartConfig
from .gansynth import GANSynthTrainer
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
    torch.backends.cudnn.benchmark = True  # a stage's images are all of one size
    match config:
        case GANSynthConfig():
            return GANSynthTrainer(config, data, rank, device)
        case TimbrepadConfig():
            return Adversarial(config, data, rank, device)
        case WarmStartConfig():
            return WarmStart(config, data, rank, device)
    raise TypeError(f"{type(config).__name__} is the settings of no recipe")
