"""The original recipe: growing networks, a Wasserstein critic that also names pitches."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.discriminator import Discriminator, pixels_each
from model.generator import Generator
from model.growth import blend_resolutions, n_blocks_at, progress_at
from model.layers import downscale
from model.normalizer import IdentityNormalizer, Normalizer
from model.representation import GANSynthRepresentation, Representation
from train.datasets.dataset import TrainingSet

from .config import GANSynthConfig
from .decoder import Decoder, move_mean
from .distributed import average_gradients, n_workers
from .drawing import Notes
from .gan_loss import discriminator_losses, generator_losses
from .seeds import step_random
from .tensors import (
    adam_tensors,
    check_all_taken,
    network_tensors,
    parameters_of,
    take_adam,
    take_network,
)
from .warm_start import mixed_precision

_FOR_GENERATOR, _FOR_DISCRIMINATOR = 0, 1
_STAGE = "stage"


@dataclass(frozen=True)
class GrowthPlace:
    """Where a run is in the growing.

    Attributes:
        stage: Counted from 0; even ones are stable, odd ones transitions.
        n_blocks: That run.
        progress: Which of them count; see `model.growth`.
        batch: Notes a step, over all workers.
    """

    stage: int
    n_blocks: int
    progress: float
    batch: int


def growth_place(config: GANSynthConfig, examples_seen: int) -> GrowthPlace:
    """Say where a run is in the growing."""
    n_blocks = len(config.network.channels)
    last = 2 * (n_blocks - 1)
    if not config.progressive:
        return GrowthPlace(last, n_blocks, n_blocks - 1, config.batch[-1])
    length = config.stage_examples
    stage = min(examples_seen // length, last)
    # Fewer batch sizes than resolutions are those of the last ones.
    sizes = (config.batch[0],) * (n_blocks - len(config.batch)) + config.batch
    return GrowthPlace(
        stage=stage,
        n_blocks=n_blocks_at(stage),
        progress=progress_at(examples_seen, n_blocks, length, length),
        batch=sizes[(stage + 1) // 2],
    )


class GANSynthTrainer:
    """Trains GANSynth as it was; see `trainer.Trainer` and `trainer.Judge`.

    A step is one of the generator, then one of the discriminator, each with notes of its own.
    Adam's moments begin anew at each stage, as in the original, whose Adam differs from torch's
    in where epsilon is added. Each worker's discriminator sees how much its own batch differs.
    """

    def __init__(
        self, config: GANSynthConfig, data: TrainingSet, rank: int, device: torch.device
    ) -> None:
        self._config = config
        self._rank = rank
        self._device = device
        self._normalizer = network_normalizer(config.transform)
        self._decoder, self._mean = (Decoder(config).to(device) for _ in range(2))
        self._mean.requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 1)
            self._discriminator = Discriminator(config.network, self._normalizer).to(device)
        for network in (self._decoder, self._discriminator):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._notes = Notes(data, config.seed, rank, device)
        self._for_generator = self._adam(self._generator)
        self._for_discriminator = self._adam(self._discriminator)
        self._stage = 0

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(
            network.parameters(), lr=self._config.learning_rate, betas=self._config.betas
        )

    @property
    def _generator(self) -> Generator:
        return self._decoder.generator

    def step(self, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
        """Take a step of the generator, then one of the discriminator; see `Trainer`."""
        place = growth_place(self._config, examples_seen)
        if place.stage != self._stage:
            self._for_generator.state.clear()
            self._for_discriminator.state.clear()
            self._stage = place.stage
        size = place.batch // n_workers()
        of_generator = self._train_generator(size, place, examples_seen)
        move_mean(self._mean, self._decoder, self._config.ema)
        of_discriminator = self._train_discriminator(size, place, examples_seen)
        losses = {f"generator_{name}": loss for name, loss in of_generator.items()}
        losses |= {f"critic_{name}": loss for name, loss in of_discriminator.items()}
        return size * n_workers(), {name: loss.detach() for name, loss in losses.items()}

    def _train_generator(
        self, size: int, place: GrowthPlace, examples_seen: int
    ) -> dict[str, Tensor]:
        random = step_random(self._config.seed, self._rank, examples_seen, _FOR_GENERATOR)
        pitch = self._notes.draw_pitches(size, random)
        fake = self._generate(pitch, place, random)
        self._discriminator.requires_grad_(False)
        with mixed_precision(self._config.precision, self._device):
            losses = generator_losses(
                self._discriminator,
                fake,
                self._classes(pitch),
                self._config.weights,
                place.progress,
            )
        self._descend(self._for_generator, losses)
        self._discriminator.requires_grad_(True)
        return losses

    def _train_discriminator(
        self, size: int, place: GrowthPlace, examples_seen: int
    ) -> dict[str, Tensor]:
        random = step_random(self._config.seed, self._rank, examples_seen, _FOR_DISCRIMINATOR)
        notes = self._notes.draw(size, random)
        real = self._real(notes, place)
        with torch.no_grad():
            fake = self._generate(self._notes.draw_pitches(size, random), place, random)
        mix = torch.rand(size, generator=random).to(self._device, non_blocking=True)
        with mixed_precision(self._config.precision, self._device):
            losses = discriminator_losses(
                self._discriminator,
                real,
                fake,
                self._classes(self._notes.pitches(notes)),
                mix,
                self._config.weights,
                place.progress,
                pixels_each(self._config.network, real),
            )
        self._descend(self._for_discriminator, losses)
        return losses

    def _descend(self, optimiser: torch.optim.Optimizer, losses: Mapping[str, Tensor]) -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        average_gradients(parameters_of(optimiser))
        optimiser.step()

    def _generate(self, pitch: Tensor, place: GrowthPlace, random: torch.Generator) -> Tensor:
        """Make images, not normalised, at the resolution of the last block that runs."""
        z = torch.randn(len(pitch), self._config.latent_size, generator=random).to(
            self._device, non_blocking=True
        )
        with mixed_precision(self._config.precision, self._device):
            made = self._generator(z, pitch, place.n_blocks, progress=place.progress)
        return self._normalizer.denormalize(made.float())

    def _real(self, notes: Tensor, place: GrowthPlace) -> Tensor:
        """Give real images as the generator's are now: as coarse, and as blended."""
        images = self._normalizer.denormalize(self._notes.specgrams(notes))
        network = self._config.network
        steps = len(network.channels) - place.n_blocks
        images = downscale(images, (network.upscaling[0] ** steps, network.upscaling[1] ** steps))
        return blend_resolutions(images, place.progress, place.n_blocks, network.upscaling)

    def _classes(self, pitch: Tensor) -> Tensor:
        return pitch - self._config.network.lowest_pitch

    @torch.no_grad()
    def judge(self, specgrams: Tensor, pitch: Tensor, examples_seen: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Ask the discriminator about notes, whose pitch it is not told; see `trainer.Judge`."""
        place = growth_place(self._config, examples_seen)
        images = self._normalizer.denormalize(specgrams)
        images = blend_resolutions(images, place.progress, place.n_blocks)
        scores: tuple[Tensor, Tensor] = self._discriminator(images, place.progress)
        return scores

    def stage(self, examples_seen: int) -> int:
        """Say which resolution is learned; see `Trainer`."""
        return growth_place(self._config, examples_seen).n_blocks

    def state(self) -> dict[str, Tensor]:
        """Give weights, means, moments and their stage; see `Trainer`."""
        return {
            **network_tensors("decoder", self._decoder),
            **network_tensors("mean", self._mean),
            **network_tensors("critic", self._discriminator),
            **adam_tensors("decoder_", self._generator, self._for_generator),
            **adam_tensors("critic_", self._discriminator, self._for_discriminator),
            _STAGE: torch.tensor([self._stage]),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave; see `Trainer`."""
        tensors = dict(state)
        stage = tensors.pop(_STAGE, None)
        if stage is None or stage.shape != (1,):
            raise ValueError(f"the tensor {_STAGE} is missing, or no single number")
        take_network(tensors, "decoder", self._decoder)
        take_network(tensors, "mean", self._mean)
        take_network(tensors, "critic", self._discriminator)
        take_adam(tensors, "decoder_", self._generator, self._for_generator)
        take_adam(tensors, "critic_", self._discriminator, self._for_discriminator)
        check_all_taken(tensors)
        self._stage = int(stage[0])

    def decoder(self) -> Decoder:
        """Give the running mean of the generator's weights; it has no timbres."""
        return self._mean


def network_normalizer(transform: Representation) -> Normalizer:
    """Give what turns a representation's images into those that losses are measured in."""
    if isinstance(transform, GANSynthRepresentation):
        return transform.normalizer
    return IdentityNormalizer()
