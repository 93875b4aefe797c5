"""What a training run does: frozen settings, made once, checked, saved with the run."""

from typing import Literal

import msgspec

from model.config import NetworkConfig
from model.representation import REPRESENTATIONS, WarpedRepresentation
from model.warped import WarpedConfig

WIDTHS: dict[str, tuple[int, ...]] = {
    "quarter": (128, 128, 128, 64, 32, 16, 8),
    "half": (128, 128, 128, 128, 64, 32, 16),
    "mid": (256, 256, 256, 128, 64, 32, 16),
    "full": (256, 256, 256, 256, 128, 64, 32),
}
"""Channels of the generator's blocks, lowest resolution first."""

FIRST_STAGE = 4

LEARNABLE = {
    name: representation.config
    for name, representation in REPRESENTATIONS.items()
    if isinstance(representation, WarpedRepresentation)
}
"""The representations that the generator's harmonic maps fit."""


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a warm start: the generator as a decoder of known timbres.

    Attributes:
        name: Of the model that the run writes.
        representation: A row of `LEARNABLE`; the data must be at its rate.
        width: A row of `WIDTHS`.
        latent_size: Numbers in a latent.
        examples: How many notes are seen in all.
        stage_shares: Share of the examples at each resolution, from 16x128 to 128x1024.
        batch: Notes a step at each of those resolutions, over all workers.
        learning_rate: Adam's, for the network.
        latent_rate: The latents' rate over the network's.
        decay_share: The last share of the run, over which the rate falls to a twentieth.
        latent_noise: Standard deviation of the noise added to latents.
        mixup: Share of the notes that are blends of two timbres.
        ifreq_weight: Weight of the loss on instantaneous frequency.
        ema: Decay of the weights' running mean, a step.
        seed: Of everything random.
        workers: Processes, each with one thread.
        precision: What the convolutions compute in.
        checkpoint_seconds: Time between checkpoints.
        pitch_gain: What the one-hot pitch is multiplied with.
        compiled: Whether to let torch fuse the activations; needs a C++ compiler.
    """

    name: str = "untitled"
    representation: str = "M20hn"
    width: str = "quarter"
    latent_size: int = 64
    examples: int = 60_000
    stage_shares: tuple[float, ...] = (0.16, 0.16, 0.18, 0.5)
    batch: tuple[int, ...] = (32, 16, 8, 8)
    learning_rate: float = 2.5e-3
    latent_rate: float = 3.0
    decay_share: float = 0.3
    latent_noise: float = 0.25
    mixup: float = 0.3
    ifreq_weight: float = 0.3
    ema: float = 0.995
    seed: int = 0
    workers: int = 2
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    checkpoint_seconds: float = 120.0
    pitch_gain: float = 8.0
    compiled: bool = True

    def __post_init__(self) -> None:
        if self.representation not in LEARNABLE:
            names = ", ".join(LEARNABLE)
            raise ValueError(f"representation must be one of {names}, not {self.representation}")
        if self.width not in WIDTHS:
            raise ValueError(f"width must be one of {', '.join(WIDTHS)}, not {self.width}")
        n_stages = len(WIDTHS[self.width]) - FIRST_STAGE + 1
        if len(self.stage_shares) != n_stages or len(self.batch) != n_stages:
            raise ValueError(f"stage_shares and batch need {n_stages} numbers each")
        if self.examples < 1 or self.workers < 1:
            raise ValueError("examples and workers must be at least 1")
        if any(size % self.workers for size in self.batch):
            raise ValueError(f"every batch size must be a multiple of workers ({self.workers})")

    @property
    def warped(self) -> WarpedConfig:
        """The representation that is learned."""
        return LEARNABLE[self.representation]

    @property
    def network(self) -> NetworkConfig:
        """The generator's shape."""
        return NetworkConfig(
            latent_size=self.latent_size,
            channels=WIDTHS[self.width],
            first_head=FIRST_STAGE,
            output="skip",
            harmonic_maps=True,
            pitch_gain=self.pitch_gain,
            level=True,
        )
