"""Linear ↔ mel matrices, with the frequency axis that the published models learnt.

Below 5 kHz that axis is not mel. The original widens narrow bands while it walks along one
buffer that holds the lower edges, the centres and the upper edges at once, so that each widening
moves the next band's centre: bands end up evenly spaced, three quarters of a bin apart. And the
matrix is made for bins at k·nyquist/(n - 1) but meets STFT bins at k·nyquist/n. Both are kept: a
model trained on this axis sounds wrong on any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# O'Shaughnessy's mel scale, as in HTK.
MEL_PER_NEPER = 1127.0
CORNER_HZ = 700.0

# A band must be at least this many STFT bins wide, edge to edge.
MINIMUM_BINS = 1.5

# A column that sums to less than this is left as it is instead of being divided by its sum.
SMALLEST_SUM = 1e-8


def hertz_to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mel of each frequency in Hz; the inverse is `mel_to_hertz`."""
    return MEL_PER_NEPER * np.log(1.0 + hertz / CORNER_HZ)


def mel_to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the frequency in Hz of each mel; the inverse is `hertz_to_mel`."""
    return CORNER_HZ * (np.exp(mel / MEL_PER_NEPER) - 1.0)


@lru_cache(maxsize=8)
def linear_to_mel_matrix(n_freqs: int, sample_rate: int) -> NDArray[np.float64]:
    """Make the matrix that sums STFT bins into mel bands.

    Args:
        n_freqs: STFT bins without DC, and as many bands.
        sample_rate: In Hz.

    Returns:
        float64 [freq, mel], read-only; row k belongs to STFT bin k + 1.

    Source: magenta/magenta (Apache-2.0), `spectral_ops.linear_to_mel_weight_matrix`; written anew.
        The same to the last bit with the numpy it ran on (1.26); another numpy's logarithm moves
        entries by 2e-13, which is gone in float32.
    """
    edges_hz = mel_to_hertz(_band_edges(n_freqs, sample_rate))
    lower, centre, upper = edges_hz
    hertz = np.linspace(0.0, sample_rate / 2, n_freqs)[1:, np.newaxis]
    rising = (hertz - lower) / (centre - lower)
    falling = (upper - hertz) / (upper - centre)
    matrix = np.zeros((n_freqs, n_freqs))
    matrix[1:] = np.maximum(0.0, np.minimum(rising, falling))
    matrix.flags.writeable = False
    return matrix


def _band_edges(n_mels: int, sample_rate: int) -> NDArray[np.float64]:
    """Give float64 [3, mel]: lower edge, centre and upper edge of each band, in mel."""
    nyquist = sample_rate / 2
    ends = hertz_to_mel(np.array([0.0, nyquist]))
    edges = np.linspace(ends[0], ends[1], n_mels + 2)
    least_hz = MINIMUM_BINS * nyquist / n_mels
    for i in range(n_mels):
        low, centre, high = mel_to_hertz(edges[i : i + 3])
        if high - low < least_hz:
            ratio = 0.5 * least_hz / (centre + CORNER_HZ)
            delta = MEL_PER_NEPER * np.log(ratio + np.sqrt(1.0 + ratio**2))
            edges[i], edges[i + 2] = edges[i + 1] - delta, edges[i + 1] + delta
    return np.stack([edges[:-2], edges[1:-1], edges[2:]])


@lru_cache(maxsize=8)
def mel_to_linear_matrix(n_freqs: int, sample_rate: int) -> NDArray[np.float64]:
    """Make the matrix that spreads mel bands over STFT bins.

    The transpose of `linear_to_mel_matrix` with scaled columns, not its inverse: the round trip
    is a smoothing.

    Returns:
        float64 [mel, freq], read-only.
    """
    matrix = linear_to_mel_matrix(n_freqs, sample_rate)
    sums = (matrix @ matrix.T).sum(axis=0)
    scale = np.array([1.0 / x if abs(x) > SMALLEST_SUM else x for x in sums])
    inverse = matrix.T @ np.diag(scale)
    inverse.flags.writeable = False
    return inverse


@dataclass(frozen=True)
class Taps:
    """A matrix with few non-zeros a column, as what to fetch and how much of it.

    Attributes:
        index: int64 [tap, column]: the row of each non-zero; 0 where there are fewer.
        weight: [tap, column]: its value; 0 where there are fewer.
    """

    index: Tensor
    weight: Tensor

    @classmethod
    def from_matrix(
        cls, matrix: NDArray[np.float64], device: torch.device, dtype: torch.dtype
    ) -> "Taps":
        """Collect the non-zeros of a [row, column] matrix."""
        n_taps = max(1, int((matrix != 0).sum(axis=0).max()))
        # A stable sort of the zeros to the end keeps the rows of each column in order.
        index = np.argsort(matrix == 0, axis=0, kind="stable")[:n_taps]
        weight = np.take_along_axis(matrix, index, axis=0)
        # Made outside inference mode, because they are kept and may meet autograd later.
        with torch.inference_mode(False):
            return cls(
                torch.tensor(np.where(weight != 0, index, 0), device=device),
                torch.tensor(weight, device=device, dtype=dtype),
            )

    def apply(self, x: Tensor) -> Tensor:
        """Multiply [..., row] by the matrix, giving [..., column]."""
        out = x[..., self.index[0]] * self.weight[0]
        for index, weight in zip(self.index[1:], self.weight[1:], strict=True):
            out = out + x[..., index] * weight
        return out


@lru_cache(maxsize=16)
def _cached_taps(
    matrix: Callable[[int, int], NDArray[np.float64]],
    n_freqs: int,
    sample_rate: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Taps:
    return Taps.from_matrix(matrix(n_freqs, sample_rate), device, dtype)


def linear_to_mel(x: Tensor, sample_rate: int) -> Tensor:
    """Sum STFT bins into mel bands: [..., freq] to [..., mel], differentiable."""
    return _cached_taps(linear_to_mel_matrix, x.shape[-1], sample_rate, x.device, x.dtype).apply(x)


def mel_to_linear(x: Tensor, sample_rate: int) -> Tensor:
    """Spread mel bands over STFT bins: [..., mel] to [..., freq], differentiable."""
    return _cached_taps(mel_to_linear_matrix, x.shape[-1], sample_rate, x.device, x.dtype).apply(x)
