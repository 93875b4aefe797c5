"""How fast a device could run a generator at best, and how fast it does: the roofline model.

A layer takes at least as long as its multiplications at the device's measured peak, and at least
as long as its input, weights and output at the device's measured bandwidth.

Source: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for
multicore architectures", 2009.
"""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .config import NetworkConfig
from .gpu_generator import Precision

GEMM_SIZE = 8192
COPY_BYTES = 1 << 30
_TAPS = 9
_SUBPIXEL_TAPS = 4  # of an upscaled image that a 3x3 kernel meets


@dataclass(frozen=True)
class Layer:
    """One convolution at one note.

    Attributes:
        flops: Two for each multiplication.
        n_weights: Numbers in its kernel.
        n_values: Numbers in its input and its output.
    """

    flops: int
    n_weights: int
    n_values: int


@dataclass(frozen=True)
class DevicePeak:
    """What a device does at best: FLOP/s in matrix products, bytes/s in copies, both ways."""

    flops: float
    bandwidth: float


def network_layers(config: NetworkConfig) -> list[Layer]:
    """List the layers of a progressive generator, upscaling and convolving in one."""
    sizes = [config.stage_size(number) for number in range(1, len(config.channels) + 1)]
    n_pixels = [times * freqs for times, freqs in sizes]
    n_in, first = config.latent_size + config.n_pitches, config.channels[0]
    n_dense = n_in * first * n_pixels[0]
    layers = [
        Layer(2 * n_dense, n_dense, n_in + first * n_pixels[0]),
        _conv(first, first, n_pixels[0]),
    ]
    for (low, high), (before, after) in zip(
        itertools.pairwise(config.channels), itertools.pairwise(n_pixels), strict=True
    ):
        n_weights = low * high * _TAPS
        flops = 2 * _SUBPIXEL_TAPS * low * high * after
        layers.append(Layer(flops, n_weights, low * before + high * after))
        layers.append(_conv(high, high, after))
    is_sum = config.output == "skip"
    for number, (n, pixels) in enumerate(zip(config.channels, n_pixels, strict=True), 1):
        if number == len(n_pixels) or (is_sum and number >= config.first_head):
            # What it reads could be had from the convolution before it.
            layers.append(Layer(2 * 2 * n * pixels, 2 * n, 2 * pixels))
    return layers


def _conv(n_in: int, n_out: int, n_pixels: int) -> Layer:
    n_weights = n_in * n_out * _TAPS
    return Layer(2 * n_weights * n_pixels, n_weights, (n_in + n_out) * n_pixels)


def network_flops(config: NetworkConfig) -> int:
    """Count the floating-point operations of one note."""
    return sum(layer.flops for layer in network_layers(config))


def roofline_seconds(
    config: NetworkConfig, n_notes: int, peak: DevicePeak, n_bytes: int = 4
) -> float:
    """Give the least time that a batch can take.

    Args:
        config: The network's shape.
        n_notes: In the batch.
        peak: The device's.
        n_bytes: Of each number in an image or a kernel.
    """
    return sum(
        max(
            n_notes * layer.flops / peak.flops,
            n_bytes * (layer.n_weights + n_notes * layer.n_values) / peak.bandwidth,
        )
        for layer in network_layers(config)
    )


def measure_peak(
    device: torch.device, precision: Precision, size: int = GEMM_SIZE, n_copied: int = COPY_BYTES
) -> DevicePeak:
    """Measure a device: the best of some matrix products, and of some copies.

    Args:
        device: The device.
        precision: Of the factors; they are added up in float32.
        size: Of the square matrices.
        n_copied: Bytes.
    """
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    with _matrix_products(precision):
        gemm_seconds = best_seconds(lambda: torch.mm(a, b, out=out), device)
    source = torch.zeros(n_copied // 4, device=device)
    target = torch.empty_like(source)
    copy_seconds = best_seconds(lambda: target.copy_(source), device)
    return DevicePeak(2 * size**3 / gemm_seconds, 2 * n_copied / copy_seconds)


def best_seconds(work: Callable[[], Tensor], device: torch.device, n: int = 10) -> float:
    """Time work on a device: the best of `n` runs after a first one that does not count."""
    work()
    times = []
    for _ in range(n):
        _wait_for(device)
        start = time.perf_counter()
        work()
        _wait_for(device)
        times.append(time.perf_counter() - start)
    return min(times)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


@contextlib.contextmanager
def _matrix_products(precision: Precision) -> Iterator[None]:
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
