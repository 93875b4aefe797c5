"""What a training run does: frozen settings, made once, checked, saved with the run."""

import math
from typing import Any, Literal

import msgspec

from model.config import NetworkConfig
from model.normalizer import PRESPECIFIED
from model.representation import (
    REPRESENTATIONS,
    GANSynthRepresentation,
    Representation,
    WarpedRepresentation,
)
from model.warped import WarpedConfig

from .adversarial_config import AdversarialConfig
from .gan_loss import GANLossWeights

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
    """What the settings of all recipes have.

    Attributes:
        name: Of the model that the run writes.
        representation: A row of `REPRESENTATIONS`.
        width: A row of `WIDTHS`.
        latent_size: Numbers in a latent.
        examples: How many notes are seen in all.
        learning_rate: Adam's, for the networks.
        seed: Of everything random.
        workers: Processes, each with one thread or one GPU.
        precision: What the convolutions compute in.
        checkpoint_seconds: Time between checkpoints.
        compiled: Whether to let torch fuse what it may; needs a C++ compiler.
    """

    name: str = "untitled"
    representation: str = "M20hn"
    width: str = "quarter"
    latent_size: int = 64
    examples: int = 60_000
    learning_rate: float = 2.5e-3
    seed: int = 0
    workers: int = 2
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    checkpoint_seconds: float = 120.0
    compiled: bool = True

    def __post_init__(self) -> None:
        known = [name for name in REPRESENTATIONS if self._suits(name)]
        if self.representation not in known:
            raise ValueError(
                f"representation must be one of {', '.join(known)}, not {self.representation}"
            )
        if self.width not in WIDTHS:
            raise ValueError(f"width must be one of {', '.join(WIDTHS)}, not {self.width}")
        if self.examples < 1 or self.workers < 1 or self.latent_size < 2:
            raise ValueError("examples and workers must be at least 1, latent_size at least 2")
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate:g}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, not {self.seed}")

    def _suits(self, representation: str) -> bool:
        return representation in REPRESENTATIONS

    def _check_batches(self, batches: tuple[int, ...]) -> None:
        if any(size < 1 or size % self.workers for size in batches):
            raise ValueError(f"every batch size must be a multiple of workers ({self.workers})")

    @property
    def warped(self) -> WarpedConfig:
        """The warped transform that makes images of notes, where that is what does."""
        transform = self.transform
        assert isinstance(transform, WarpedRepresentation), "asked of such a run only"
        return transform.config

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return str(self.__struct_config__.tag)

    @property
    def transform(self) -> Representation:
        """What makes images of notes."""
        return REPRESENTATIONS[self.representation]

    @property
    def db_per_unit(self) -> float:
        """Decibels of one unit of an image's first channel."""
        transform = self.transform
        if isinstance(transform, WarpedRepresentation):
            return -transform.config.floor_db / 1.6
        assert isinstance(transform, GANSynthRepresentation), "there are no other kinds"
        db_per_neper = 20 / math.log(10) * (0.5 if transform.data_type == "mel" else 1.0)
        return db_per_neper / PRESPECIFIED.scale[0]

    @property
    def network(self) -> NetworkConfig:
        """The generator's shape."""
        raise NotImplementedError


class WarmStartConfig(TrainConfig, frozen=True, tag="warm-start", tag_field="recipe"):
    """A warm start: the generator as a decoder of known timbres.

    Attributes:
        stage_shares: Share of the examples at each resolution, from 16x128 to 128x1024.
        batch: Notes a step at each of those resolutions, over all workers.
        latent_rate: The latents' rate over the network's.
        decay_share: The last share of the run, over which the rate falls to a twentieth.
        latent_noise: Standard deviation of the noise added to latents.
        mixup: Share of the notes that are blends of two timbres.
        ifreq_weight: Weight of the loss on instantaneous frequency.
        ema: Decay of the weights' running mean, a step.
        pitch_gain: What the one-hot pitch is multiplied with.
        noise: Whether the generator gets noise for each pixel, for breath and haze.
    """

    stage_shares: tuple[float, ...] = (0.16, 0.16, 0.18, 0.5)
    batch: tuple[int, ...] = (32, 16, 8, 8)
    latent_rate: float = 3.0
    decay_share: float = 0.3
    latent_noise: float = 0.25
    mixup: float = 0.3
    ifreq_weight: float = 0.3
    ema: float = 0.995
    pitch_gain: float = 8.0
    noise: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_stages(self.stage_shares, self.batch)

    def _suits(self, representation: str) -> bool:
        return representation in LEARNABLE

    def _check_stages(self, shares: tuple[float, ...], batches: tuple[int, ...]) -> None:
        n_stages = len(WIDTHS[self.width]) - FIRST_STAGE + 1
        if len(shares) != n_stages or len(batches) != n_stages:
            raise ValueError(f"stage_shares and batch need {n_stages} numbers each")
        if min(shares) < 0 or sum(shares) <= 0:
            raise ValueError("stage_shares must not be negative, and not all 0")
        self._check_batches(batches)

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
            noise=self.noise,
        )


class TimbrepadConfig(WarmStartConfig, frozen=True, tag="timbrepad", tag_field="recipe"):
    """The recommended recipe: a warm start, then a critic.

    Attributes:
        warm_share: Of the examples, seen in the warm start; 0 with a model to begin with.
        adversarial: What comes after it.
        start: Folder of the model that the run begins with, or "".
    """

    examples: int = 2_000_000
    width: str = "mid"
    batch: tuple[int, ...] = (64, 64, 32, 32)
    warm_share: float = 0.4
    adversarial: AdversarialConfig = AdversarialConfig()
    start: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.warm_share < 1:
            raise ValueError(f"warm_share must be 0 to less than 1, not {self.warm_share:g}")
        self._check_stages(self.adversarial.stage_shares, self.adversarial.batch)

    @property
    def warm_examples(self) -> int:
        """How many notes the warm start sees."""
        return round(self.warm_share * self.examples)

    @property
    def warm_start(self) -> WarmStartConfig:
        """The first part as a run of its own."""
        own = {name: getattr(self, name) for name in WarmStartConfig.__struct_fields__}
        return WarmStartConfig(**own | {"examples": max(1, self.warm_examples)})


class GANSynthConfig(TrainConfig, frozen=True, tag="gansynth", tag_field="recipe"):
    """The original recipe: a Wasserstein critic that names pitches, on growing networks.

    Attributes:
        batch: Notes a step at each resolution, over all workers; fewer numbers stand for the
            last resolutions, the first of them for all before.
        stage_share: Of the examples, seen in each of the stages; the last one gets the rest.
        progressive: Whether the networks grow.
        betas: Adam's.
        ema: Decay of the generator's running mean, a step.
        weights: How much each loss counts.

    Source: Engel et al., "GANSynth", ICLR 2019; magenta/magenta, the configuration
    `mel_prog_hires`, whose numbers are the defaults here.
    """

    representation: str = "mel"
    width: str = "full"
    latent_size: int = 256
    examples: int = 11_000_000
    learning_rate: float = 8e-4
    precision: Literal["float32", "bfloat16"] = "float32"
    workers: int = 1
    batch: tuple[int, ...] = (8,)
    stage_share: float = 0.8 / 11
    progressive: bool = True
    betas: tuple[float, float] = (0.0, 0.99)
    ema: float = 0.999
    weights: GANLossWeights = GANLossWeights()

    def __post_init__(self) -> None:
        super().__post_init__()
        n_blocks = len(WIDTHS[self.width])
        if not 1 <= len(self.batch) <= n_blocks:
            raise ValueError(f"batch needs 1 to {n_blocks} numbers")
        self._check_batches(self.batch)
        if not 0 < self.stage_share <= 1 / (2 * n_blocks - 1):
            raise ValueError(f"stage_share must be above 0 and at most 1/{2 * n_blocks - 1}")

    @property
    def network(self) -> NetworkConfig:
        """The generator's shape."""
        return NetworkConfig(latent_size=self.latent_size, channels=WIDTHS[self.width])

    @property
    def stage_examples(self) -> int:
        """How many notes each stage but the last sees."""
        return max(1, round(self.stage_share * self.examples))


AnyConfig = WarmStartConfig | TimbrepadConfig | GANSynthConfig

RECIPES: dict[str, type[AnyConfig]] = {
    "warm-start": WarmStartConfig,
    "timbrepad": TimbrepadConfig,
    "gansynth": GANSynthConfig,
}


def decode_train_config(text: bytes) -> AnyConfig:
    """Read a run's settings, strictly; those written before there were recipes, too.

    Raises:
        ValueError: With one line that says what is wrong.
    """
    settings: Any = msgspec.json.decode(text)
    if isinstance(settings, dict):
        settings.setdefault("recipe", "warm-start")
    return msgspec.convert(settings, AnyConfig)
