"""The affine map of each specgram channel to [-1, 1]."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

N_CHANNELS = 2


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
