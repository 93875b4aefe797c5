"""Representations by name: how notes become the images that a network makes, and notes again.

`M20hn` and `F` are the warped transform on its mel-like and on a uniform axis; `M28hn` has its
bands denser below and wider apart above; `M26hn-48k` holds four seconds at 48 kHz in an image of
the same size. `mel`, `linear` and `phase` are the data types of the original GANSynth. All are
batched, differentiable and run on the device of what they get.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from .normalizer import PRESPECIFIED, Normalizer
from .specgram import (
    SMALLEST,
    SpecgramConfig,
    melspecgrams_to_specgrams,
    melspecgrams_to_waves,
    specgrams_to_stfts,
    stfts_to_waves,
    waves_to_melspecgrams,
    waves_to_specgrams,
    waves_to_stfts,
)
from .warped import WarpedConfig, warped_codec

DataType = Literal["mel", "linear", "phase"]


class Representation(Protocol):
    """A pair of transforms between notes and images."""

    @property
    def name(self) -> str:
        """What it is asked for by."""
        ...

    @property
    def sample_rate(self) -> int:
        """Of the notes, in Hz."""
        ...

    @property
    def n_samples(self) -> int:
        """Of each note."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Times and freqs of an image."""
        ...

    def encode(self, waves: Tensor, pitch: Tensor) -> Tensor:
        """Turn notes into images; the inverse is `decode`.

        Args:
            waves: float32 [batch, sample], full scale ±1, `n_samples` long.
            pitch: [batch], MIDI number of each note.

        Returns:
            float32 [batch, 2, time, freq], -1 to 1: what tells the magnitude, then the phase.
        """
        ...

    def decode(self, images: Tensor, pitch: Tensor, n_iterations: int = 0) -> Tensor:
        """Turn images into notes.

        Args:
            images: float32 [batch, 2, time, freq].
            pitch: [batch], MIDI number of each note.
            n_iterations: Griffin-Lim iterations: the phase is made to agree with itself while
                the magnitude stays.

        Returns:
            float32 [batch, sample].
        """
        ...


@dataclass(frozen=True)
class WarpedRepresentation:
    """The warped transform, as `model.warped` has it."""

    name: str
    config: WarpedConfig

    @property
    def sample_rate(self) -> int:
        """Of the notes, in Hz."""
        return self.config.sample_rate

    @property
    def n_samples(self) -> int:
        """Of each note."""
        return self.config.n_samples

    @property
    def size(self) -> tuple[int, int]:
        """Times and freqs of an image."""
        return self.config.n_times, self.config.n_freqs

    def encode(self, waves: Tensor, pitch: Tensor) -> Tensor:
        """Turn notes into images; see `Representation.encode`."""
        return warped_codec(self.config, str(waves.device)).waves_to_specgrams(waves, pitch)

    def decode(self, images: Tensor, pitch: Tensor, n_iterations: int = 0) -> Tensor:
        """Turn images into notes; see `Representation.decode`."""
        codec = warped_codec(self.config, str(images.device))
        return codec.specgrams_to_waves(images, pitch, n_iterations)


@dataclass(frozen=True)
class GANSynthRepresentation:
    """One of the original's data types, normalised. Pitch makes no difference to it.

    Attributes:
        name: What it is asked for by.
        config: Says the rate, the lengths and the number of bins.
        data_type: "mel": log mel power and the IF of the mel phase; "linear": log magnitude and
            IF; "phase": log magnitude and phase over pi.
        normalizer: Brings both channels to [-1, 1].
    """

    name: str
    config: SpecgramConfig
    data_type: DataType
    normalizer: Normalizer = PRESPECIFIED

    @property
    def sample_rate(self) -> int:
        """Of the notes, in Hz."""
        return self.config.sample_rate

    @property
    def n_samples(self) -> int:
        """Of each note."""
        return self.config.n_samples

    @property
    def size(self) -> tuple[int, int]:
        """Times and freqs of an image."""
        return self.config.n_times, self.config.n_freqs

    def encode(self, waves: Tensor, pitch: Tensor) -> Tensor:  # noqa: ARG002  as all have it
        """Turn notes into images; see `Representation.encode`."""
        if self.data_type == "mel":
            specgrams = waves_to_melspecgrams(waves, self.config)
        elif self.data_type == "linear":
            specgrams = waves_to_specgrams(waves, self.config)
        else:
            stfts = waves_to_stfts(waves, self.config)
            # The spectrum of silence holds negative zeros, whose phase is pi; adding 0 makes it 0.
            phase = (stfts + 0).angle() / math.pi
            specgrams = torch.stack([torch.log(stfts.abs() + SMALLEST), phase], dim=-3)
        return self.normalizer.normalize(specgrams)

    def decode(self, images: Tensor, pitch: Tensor, n_iterations: int = 0) -> Tensor:  # noqa: ARG002
        """Turn images into notes; see `Representation.decode`."""
        specgrams = self.normalizer.denormalize(images)
        if self.data_type == "mel":
            if not n_iterations:
                return melspecgrams_to_waves(specgrams, self.config)
            specgrams = melspecgrams_to_specgrams(specgrams, self.config)
        if self.data_type == "phase":
            log_magnitude, phase = specgrams.unbind(-3)
            stfts = torch.polar(log_magnitude.exp(), math.pi * phase)
        else:
            stfts = specgrams_to_stfts(specgrams)
        return stfts_to_waves(self._refine(stfts, n_iterations), self.config)

    def _refine(self, stfts: Tensor, n_iterations: int) -> Tensor:
        """Make the phase of spectra agree with itself, after Griffin and Lim, 1984."""
        magnitude = stfts.abs()
        for _ in range(n_iterations):
            again = waves_to_stfts(stfts_to_waves(stfts, self.config), self.config)
            again = again[..., : stfts.shape[-2], :]
            stfts = again * (magnitude / again.abs().clamp_min(SMALLEST))
        return stfts


REPRESENTATIONS: dict[str, Representation] = {
    representation.name: representation
    for representation in (
        WarpedRepresentation("M20hn", WarpedConfig()),
        WarpedRepresentation("F", WarpedConfig(bend_hz=0.0)),
        WarpedRepresentation("M28hn", WarpedConfig(step_hz=28.0)),
        WarpedRepresentation(
            "M26hn-48k",
            WarpedConfig(sample_rate=48000, n_samples=192000, lead_in=4608, step_hz=26.0),
        ),
        GANSynthRepresentation("mel", SpecgramConfig(), "mel"),
        GANSynthRepresentation("linear", SpecgramConfig(), "linear"),
        GANSynthRepresentation("phase", SpecgramConfig(), "phase"),
    )
}


def representation_named(name: str) -> Representation:
    """Give a representation.

    Raises:
        ValueError: If there is none of that name.
    """
    try:
        return REPRESENTATIONS[name]
    except KeyError:
        names = ", ".join(REPRESENTATIONS)
        raise ValueError(f"the representation must be one of {names}, not {name}") from None
