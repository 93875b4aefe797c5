"""What a generator does between its convolutions, in one pass: for the CPU, compiled by numba.

Adding the maps, leaky ReLU, pixel norm and a head's 1x1 convolution are seven passes over an image
in torch, which take longer than the convolutions where channels are few.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from .layers import EPSILON, LEAKY_SLOPE

F = TypeVar("F", bound=Callable[..., Any])
Image = NDArray[np.float32]

_SLOPE = np.float32(LEAKY_SLOPE)
_EPSILON = np.float32(EPSILON)
_ONE = np.float32(1.0)

# Sums may be taken in any order; NaN and infinity keep their meaning.
_FAST_MATH = {"contract", "afn", "reassoc", "nsz", "arcp"}


def _compiled(function: F) -> F:
    """Compile when first called, keep the machine code on disk, and run without Python's lock."""
    compile_ = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=_FAST_MATH)
    return cast(F, compile_(function))


@_compiled
def activate(x: Image, added: Image) -> None:
    """Add a row to each time, apply leaky ReLU (0.2) and pixel norm, in place.

    Args:
        x: float32 [time, freq, channel].
        added: float32 [freq, channel].
    """
    n_times, n_freqs, n_channels = x.shape
    for t in range(n_times):
        for f in range(n_freqs):
            squares = np.float32(0)
            for c in range(n_channels):
                value = x[t, f, c] + added[f, c]
                value = value if value > 0 else _SLOPE * value
                x[t, f, c] = value
                squares += value * value
            scale = _ONE / np.sqrt(squares / np.float32(n_channels) + _EPSILON)
            for c in range(n_channels):
                x[t, f, c] *= scale


@_compiled
def activate_with_head(
    x: Image, added: Image, kernel: Image, bias: Image, below: Image, out: Image
) -> None:
    """Do as `activate`, and convolve the result with a head's 1x1 kernel.

    Args:
        x: float32 [time, freq, channel].
        added: float32 [freq, channel].
        kernel: float32 [2, channel].
        bias: float32 [2].
        below: float32 [2, time / 2, freq / 2], rounded up: the sum of the lower heads, to which
            this one is added; all zeros where there are none.
        out: float32 [2, time, freq], which gets the sum.
    """
    n_times, n_freqs, n_channels = x.shape
    for t in range(n_times):
        for f in range(n_freqs):
            # Written out as in `activate`: a call here would take five times as long.
            squares = np.float32(0)
            for c in range(n_channels):
                value = x[t, f, c] + added[f, c]
                value = value if value > 0 else _SLOPE * value
                x[t, f, c] = value
                squares += value * value
            scale = _ONE / np.sqrt(squares / np.float32(n_channels) + _EPSILON)
            first = second = np.float32(0)
            for c in range(n_channels):
                value = x[t, f, c] * scale
                x[t, f, c] = value
                first += value * kernel[0, c]
                second += value * kernel[1, c]
            out[0, t, f] = below[0, t >> 1, f >> 1] + first + bias[0]
            out[1, t, f] = below[1, t >> 1, f >> 1] + second + bias[1]
