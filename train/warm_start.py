"""The warm start: a generator learns to decode a latent for each timbre, without a critic."""

import shutil
from collections.abc import Mapping

import torch
from torch import Tensor

from model.latent import on_sphere
from model.layers import compile_layers

from .config import WarmStartConfig
from .dataset import TrainingSet
from .decoder import Decoder, move_mean
from .distributed import average_gradients, n_workers
from .drawing import Batch, Notes
from .loss import specgram_losses
from .schedule import batch_at, rate_at, stage_at
from .seeds import step_random
from .tensors import (
    adam_tensors,
    check_all_taken,
    network_tensors,
    parameters_of,
    take_adam,
    take_network,
)

LEVEL_WEIGHT = 0.05
BETAS = (0.9, 0.99)


class WarmStart:
    """Trains a decoder by reconstruction; see `trainer.Trainer`."""

    def __init__(
        self, config: WarmStartConfig, data: TrainingSet, rank: int, device: torch.device
    ) -> None:
        self._config = config
        self._rank = rank
        self._device = device
        self._decoder = Decoder(config, len(data.timbres)).to(device)
        self._mean = Decoder(config, len(data.timbres)).to(device).requires_grad_(False)
        self._mean.load_state_dict(self._decoder.state_dict())
        self._decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._notes = Notes(data, config.seed, rank, device)
        self._optimiser = torch.optim.Adam(
            [
                {"params": list(self._decoder.generator.parameters()), "gain": 1.0},
                {"params": [self._decoder.latents], "gain": config.latent_rate},
            ],
            betas=BETAS,
        )
        if config.compiled and shutil.which("c++") is not None:
            compile_layers()

    def step(self, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
        """Take one step of Adam on the mean of all workers' gradients; see `Trainer`."""
        config = self._config
        random = step_random(config.seed, self._rank, examples_seen)
        stage = self.stage(examples_seen)
        size = batch_at(config, stage) // n_workers()
        factor = 2 ** (len(config.network.channels) - stage)
        batch = self._notes.batch(
            size, random, config.db_per_unit, factor=factor, mixup=config.mixup
        )
        losses = reconstruction_losses(self._decoder, batch, stage, config, random)
        self._optimiser.zero_grad(set_to_none=True)
        total_loss(losses, config).backward()  # type: ignore[no-untyped-call]
        average_gradients(parameters_of(self._optimiser))
        for group in self._optimiser.param_groups:
            group["lr"] = config.learning_rate * group["gain"] * rate_at(config, examples_seen)
        self._optimiser.step()
        move_mean(self._mean, self._decoder, config.ema)
        return size * n_workers(), {name: loss.detach() for name, loss in losses.items()}

    def stage(self, examples_seen: int) -> int:
        """Say which resolution is learned; see `Trainer`."""
        return stage_at(self._config, examples_seen)

    def state(self) -> dict[str, Tensor]:
        """Give weights, means and moments; see `Trainer`."""
        return {
            **network_tensors("decoder", self._decoder),
            **network_tensors("mean", self._mean),
            **adam_tensors("", self._decoder, self._optimiser),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave; see `Trainer`."""
        tensors = dict(state)
        take_network(tensors, "decoder", self._decoder)
        take_network(tensors, "mean", self._mean)
        take_adam(tensors, "", self._decoder, self._optimiser)
        check_all_taken(tensors)

    def decoder(self) -> Decoder:
        """Give the running mean of the decoder's weights."""
        return self._mean


def reconstruction_losses(
    decoder: Decoder,
    batch: Batch,
    stage: int,
    config: WarmStartConfig,
    random: torch.Generator,
) -> dict[str, Tensor]:
    """Say how far the decoder's notes are from real ones.

    Args:
        decoder: What learns.
        batch: Real notes at the stage's resolution.
        stage: The generator's block, counted from 1.
        config: Says the noise on latents and the precision.
        random: Draws that noise.

    Returns:
        "magnitude" and "ifreq", see `specgram_losses`, and "level", in tens of dB.
    """
    first = on_sphere(decoder.latents[batch.first])
    second = on_sphere(decoder.latents[batch.second])
    t = batch.t[:, None]
    z = on_sphere((1 - t).sqrt() * first + t.sqrt() * second)
    noise = torch.randn(z.shape, generator=random).to(z.device)
    noisy = on_sphere(z + config.latent_noise * noise)
    with torch.autocast(z.device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
        generated = decoder.generator(noisy, batch.pitch, stage)
    losses = specgram_losses(generated.float(), batch.specgram, config.db_per_unit)
    head = decoder.generator.level
    assert head is not None, "a warm start has a level head"
    level = head(decoder.generator.inputs(noisy, batch.pitch))
    losses["level"] = (level - batch.level / 10).abs().mean()
    return losses


def total_loss(losses: Mapping[str, Tensor], config: WarmStartConfig) -> Tensor:
    """Weigh and add what `reconstruction_losses` gives."""
    total = losses["magnitude"] + config.ifreq_weight * losses["ifreq"]
    return total + LEVEL_WEIGHT * losses["level"]
