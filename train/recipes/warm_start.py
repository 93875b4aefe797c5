"""The warm start: a generator learns to decode a latent for each timbre, without a critic."""

import shutil
from collections.abc import Mapping

import torch
from torch import Tensor

from model.latent import on_sphere
from model.layers import compile_layers
from train.datasets.dataset import TrainingSet

from .config import WarmStartConfig
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
PIXEL_NOISE = 1
"""The stream of random numbers that noise for each pixel is drawn from."""


class WarmStart:
    """Trains a decoder by reconstruction; see `trainer.Trainer`.

    Attributes:
        learned: The decoder.
        mean: The running mean of its weights.
        notes: This worker's.
    """

    def __init__(
        self, config: WarmStartConfig, data: TrainingSet, rank: int, device: torch.device
    ) -> None:
        self._config = config
        self._rank = rank
        self._device = device
        self.learned = Decoder(config, len(data.timbres)).to(device)
        self.mean = Decoder(config, len(data.timbres)).to(device).requires_grad_(False)
        self.mean.load_state_dict(self.learned.state_dict())
        self.learned.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.notes = Notes(data, config.seed, rank, device)
        self._optimiser = torch.optim.Adam(
            [
                {"params": list(self.learned.generator.parameters()), "gain": 1.0},
                {"params": [self.learned.latents], "gain": config.latent_rate},
            ],
            betas=BETAS,
        )
        if config.compiled and can_compile(device):
            compile_layers()

    def step(self, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
        """Take one step of Adam on the mean of all workers' gradients; see `Trainer`."""
        config = self._config
        random = step_random(config.seed, self._rank, examples_seen)
        stage = self.stage(examples_seen)
        size = batch_at(config, stage) // n_workers()
        factor = 2 ** (len(config.network.channels) - stage)
        batch = self.notes.batch(
            size, random, config.db_per_unit, factor=factor, mixup=config.mixup
        )
        z = noisy_latents(self.learned, batch, config.latent_noise, random)
        noise = self._noise(examples_seen, size, stage)
        with mixed_precision(config.precision, self._device):
            generated = self.learned.generator(z, batch.pitch, stage, noise=noise)
        losses = reconstruction_losses(
            self.learned, generated.float(), z, batch, config.db_per_unit
        )
        self._optimiser.zero_grad(set_to_none=True)
        total_loss(losses, config.ifreq_weight).backward()  # type: ignore[no-untyped-call]
        average_gradients(parameters_of(self._optimiser))
        for group in self._optimiser.param_groups:
            group["lr"] = config.learning_rate * group["gain"] * rate_at(config, examples_seen)
        self._optimiser.step()
        move_mean(self.mean, self.learned, config.ema)
        return size * n_workers(), {name: loss.detach() for name, loss in losses.items()}

    def drop_moments(self) -> None:
        """Forget Adam's moments, when this part of a run is over."""
        self._optimiser.state.clear()

    def stage(self, examples_seen: int) -> int:
        """Say which resolution is learned; see `Trainer`."""
        return stage_at(self._config, examples_seen)

    def state(self) -> dict[str, Tensor]:
        """Give weights, means and moments; see `Trainer`."""
        return {
            **network_tensors("decoder", self.learned),
            **network_tensors("mean", self.mean),
            **adam_tensors("", self.learned, self._optimiser),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave; see `Trainer`."""
        tensors = dict(state)
        self.take(tensors)
        check_all_taken(tensors)

    def take(self, tensors: dict[str, Tensor]) -> None:
        """Take what is its own out of `tensors`; see `load`."""
        take_network(tensors, "decoder", self.learned)
        take_network(tensors, "mean", self.mean)
        take_adam(tensors, "", self.learned, self._optimiser)

    def decoder(self) -> Decoder:
        """Give the running mean of the decoder's weights."""
        return self.mean

    def _noise(self, examples_seen: int, size: int, stage: int) -> dict[int, Tensor] | None:
        if not self._config.noise:
            return None
        random = step_random(
            self._config.seed, self._rank, examples_seen, PIXEL_NOISE, self._device
        )
        return self.learned.generator.draw_noise(size, stage, random)


def mixed_precision(precision: str, device: torch.device) -> torch.autocast:
    """Compute convolutions as a configuration wants them, within a `with`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def can_compile(device: torch.device) -> bool:
    """Say whether there is what torch's compiler needs."""
    return shutil.which("cc" if device.type == "cuda" else "c++") is not None


def noisy_latents(
    decoder: Decoder, batch: Batch, deviation: float, random: torch.Generator
) -> Tensor:
    """Give the latents of a batch's notes, blended as they are, with noise: [batch, latent].

    Args:
        decoder: Has the timbres' latents, which get gradients.
        batch: Says the timbres.
        deviation: Standard deviation of the noise.
        random: Draws it.
    """
    first = on_sphere(decoder.latents[batch.first])
    second = on_sphere(decoder.latents[batch.second])
    t = batch.t[:, None]
    z = on_sphere((1 - t).sqrt() * first + t.sqrt() * second)
    noise = torch.randn(z.shape, generator=random).to(z.device, non_blocking=True)
    return on_sphere(z + deviation * noise)


def reconstruction_losses(
    decoder: Decoder, generated: Tensor, z: Tensor, batch: Batch, db_per_unit: float
) -> dict[str, Tensor]:
    """Say how far generated notes are from real ones.

    Args:
        decoder: What made them.
        generated: float32 [batch, 2, time, freq].
        z: float32 [batch, latent], of what.
        batch: The real notes, at the same resolution.
        db_per_unit: Decibels of one unit of magnitude.

    Returns:
        "magnitude" and "ifreq", see `specgram_losses`, and "level", in tens of dB.
    """
    losses = specgram_losses(generated, batch.specgram, db_per_unit)
    head = decoder.generator.level
    assert head is not None, "a generator that is learned by reconstruction has a level head"
    level = head(decoder.generator.inputs(z, batch.pitch))
    losses["level"] = (level - batch.level / 10).abs().mean()
    return losses


def total_loss(losses: Mapping[str, Tensor], ifreq_weight: float) -> Tensor:
    """Weigh and add what `reconstruction_losses` gives."""
    total = losses["magnitude"] + ifreq_weight * losses["ifreq"]
    return total + LEVEL_WEIGHT * losses["level"]
