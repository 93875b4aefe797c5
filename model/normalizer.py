"""The maps of a specgram's channels to what a network sees, within [-1, 1].

The original has four: numbers given beforehand, numbers from the least and greatest values of
examples, the same for each frequency, and none.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .config import NormalizerConfig

N_CHANNELS = 2

# Of [-1, 1]: the examples' least and greatest values land on -0.8 and 0.8.
MARGIN = 0.8


class Normalizer(Protocol):
    """A map of specgrams and its inverse."""

    def normalize(self, specgrams: Tensor) -> Tensor:
        """Map [batch, 2, time, freq] to what a network sees."""
        ...

    def denormalize(self, normalized: Tensor) -> Tensor:
        """Undo `normalize`, but for what it cut."""
        ...


@dataclass(frozen=True)
class SpecgramNormalizer:
    """What a network sees of a specgram: `scale · x + offset`, cut at ±1.

    Attributes:
        scale: Of the log magnitude and of the instantaneous frequency.
        offset: Likewise.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: If one is missing or not finite, or a scale is not above 0.
        """
        if not len(self.scale) == len(self.offset) == N_CHANNELS:
            raise ValueError(f"scale and offset must have {N_CHANNELS} numbers each")
        if not all(math.isfinite(x) for x in (*self.scale, *self.offset)):
            raise ValueError("scale and offset must be finite")
        if min(self.scale) <= 0:
            raise ValueError(f"scale must be above 0, not {min(self.scale):g}")

    def normalize(self, specgrams: Tensor) -> Tensor:
        """Map [batch, 2, time, freq] to [-1, 1]; what lies outside is cut."""
        return (
            (specgrams * self._column(self.scale, specgrams))
            .add(self._column(self.offset, specgrams))
            .clamp(-1.0, 1.0)
        )

    def denormalize(self, normalized: Tensor) -> Tensor:
        """Undo `normalize`, but for what it cut."""
        offset = self._column(self.offset, normalized)
        return (normalized - offset) / self._column(self.scale, normalized)

    @staticmethod
    def _column(numbers: tuple[float, float], like: Tensor) -> Tensor:
        return torch.tensor(numbers, device=like.device, dtype=like.dtype).view(N_CHANNELS, 1, 1)


PRESPECIFIED = SpecgramNormalizer(
    scale=(0.0661371661726, 0.8),
    offset=(0.113718730221, 0.0),
)
"""The published models' map: log mel power from ln 1e-6 to 10.3766 lands on ±0.8, IF on ±0.8."""


class FrequencyNormalizer:
    """As `SpecgramNormalizer`, with numbers for each frequency.

    Attributes:
        scale: float32 [2, freq].
        offset: Likewise.
    """

    def __init__(self, scale: Tensor, offset: Tensor) -> None:
        """Take the numbers.

        Raises:
            ValueError: If they do not fit together or are not finite, or a scale is not above 0.
        """
        if scale.ndim != 2 or len(scale) != N_CHANNELS or scale.shape != offset.shape:
            raise ValueError(f"scale and offset must be [{N_CHANNELS}, freq]")
        if not bool(torch.isfinite(scale).all() and torch.isfinite(offset).all()):
            raise ValueError("scale and offset must be finite")
        if float(scale.min()) <= 0:
            raise ValueError(f"scale must be above 0, not {float(scale.min()):g}")
        self.scale = scale.float()
        self.offset = offset.float()

    def normalize(self, specgrams: Tensor) -> Tensor:
        """Map [batch, 2, time, freq] to [-1, 1]; what lies outside is cut."""
        scale, offset = self._rows(specgrams)
        return (specgrams * scale + offset).clamp(-1.0, 1.0)

    def denormalize(self, normalized: Tensor) -> Tensor:
        """Undo `normalize`, but for what it cut."""
        scale, offset = self._rows(normalized)
        return (normalized - offset) / scale

    def _rows(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Give the numbers as [2, 1, freq], as precise and on the device that the specgrams are."""
        scale, offset = (x[:, None].to(like.device, like.dtype) for x in (self.scale, self.offset))
        return scale, offset


class IdentityNormalizer:
    """Lets the network see specgrams as they are, uncut."""

    def normalize(self, specgrams: Tensor) -> Tensor:
        """Give the specgrams."""
        return specgrams

    def denormalize(self, normalized: Tensor) -> Tensor:
        """Give the specgrams."""
        return normalized


def fit_normalizer(specgrams: Iterable[Tensor], *, margin: float = MARGIN) -> SpecgramNormalizer:
    """Fit one map to examples: each channel's least and greatest value land on ±`margin`.

    Args:
        specgrams: Batches of float32 [batch, 2, time, freq]; 1000 examples in the original.
        margin: Where the extremes land.

    Raises:
        ValueError: If there are no examples, or none that is finite.
    """
    lowest, highest = _extremes(specgrams)
    scale, offset = _spread(lowest.amin(1), highest.amax(1), margin)
    (a, b), (c, d) = scale.tolist(), offset.tolist()
    return SpecgramNormalizer(scale=(a, b), offset=(c, d))


def fit_frequency_normalizer(
    specgrams: Iterable[Tensor], *, margin: float = MARGIN
) -> FrequencyNormalizer:
    """Fit a map for each frequency to examples; see `fit_normalizer`."""
    return FrequencyNormalizer(*_spread(*_extremes(specgrams), margin))


def make_normalizer(
    config: NormalizerConfig, scale: Tensor | None = None, offset: Tensor | None = None
) -> Normalizer:
    """Make the map that a configuration names.

    Args:
        config: Says which.
        scale: float32 [2, freq], for the kind "freq".
        offset: Likewise.

    Raises:
        ValueError: If the numbers are missing or do not fit.
    """
    if config.kind == "channel":
        return SpecgramNormalizer(scale=config.scale, offset=config.offset)
    if config.kind == "none":
        return IdentityNormalizer()
    if scale is None or offset is None:
        raise ValueError("the normaliser's numbers for each frequency are missing")
    return FrequencyNormalizer(scale, offset)


def _extremes(specgrams: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Give the least and the greatest value of each channel and frequency: float64 [2, freq]."""
    lowest: Tensor | None = None
    highest: Tensor | None = None
    for batch in specgrams:
        low, high = batch.double().amin((0, 2)), batch.double().amax((0, 2))
        lowest = low if lowest is None else torch.minimum(lowest, low)
        highest = high if highest is None else torch.maximum(highest, high)
    if lowest is None or highest is None:
        raise ValueError("there are no examples to fit a normaliser to")
    return lowest, highest


def _spread(lowest: Tensor, highest: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Give scale and offset; what never changes lands on 0, where the original divides by zero."""
    width = highest - lowest
    still = width == 0
    width = torch.where(still, 1.0, width)
    scale = torch.where(still, 1.0, 2 * margin / width)
    offset = torch.where(still, -lowest, -margin * (2 * lowest / width + 1))
    return scale, offset
