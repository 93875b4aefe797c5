"""What an evaluation asks of a model."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.config import TimbreConfig
from train.datasets.notes import Wave


class NoteMaker(Protocol):
    """A part of `model.gansynth.GANSynth`."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def hash(self) -> str:
        """Its identity."""
        ...

    @property
    def sample_rate(self) -> int:
        """Of its notes, in Hz."""
        ...

    @property
    def n_samples(self) -> int:
        """Of each note."""
        ...

    @property
    def pitches(self) -> range:
        """The MIDI numbers that it can make."""
        ...

    @property
    def timbres(self) -> tuple[TimbreConfig, ...]:
        """The named timbres."""
        ...

    @property
    def latents(self) -> Tensor:
        """float32 [timbre, latent], theirs."""
        ...

    def draw(self, seed: int) -> NDArray[np.float32]:
        """Draw a latent: float32 [latent]."""
        ...

    def render(self, z: Tensor, pitch: Tensor) -> Tensor:
        """Make notes: float32 [batch, sample]."""
        ...

    def level_db(self, z: Tensor, pitch: Tensor) -> Tensor:
        """Say how loud each shall be played: [batch], dB."""
        ...


def make_note(model: NoteMaker, z: Tensor, pitch: int) -> Wave:
    """Make one note: float32 [sample]."""
    return model.render(z[None], torch.tensor([pitch]))[0].numpy()


def draw_latents(model: NoteMaker, n: int, rng: np.random.Generator) -> Tensor:
    """Draw latents as the instrument does: float32 [n, latent]."""
    return torch.stack([torch.from_numpy(model.draw(int(s))) for s in rng.integers(2**31, size=n)])
