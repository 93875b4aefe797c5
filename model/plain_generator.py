"""The published generator operation by operation: what the faster forms are measured against."""

import torch
from torch import Tensor
from torch.nn import functional

from .config import NetworkConfig
from .cpu_generator import CPUGenerator
from .generator import Block, Generator
from .layers import LEAKY_SLOPE, EqualisedConv, pixel_norm


def is_plain(config: NetworkConfig) -> bool:
    """Say whether a generator is of the published kind, at any width."""
    return CPUGenerator.suits(config) and config.output == "tanh" and not config.harmonic_maps


@torch.inference_mode()
def plain_specgrams(generator: Generator, z: Tensor, pitch: Tensor) -> Tensor:
    """Make specgrams as a plain port to PyTorch would.

    Kernels are scaled in each call, images are upscaled before they are convolved, and channels
    lie in planes. Only the heads that are blended with a weight of 0 are left out.

    Args:
        generator: One that `is_plain`.
        z: float32 [batch, latent].
        pitch: int64 [batch], MIDI numbers.

    Returns:
        float32 [batch, 2, time, freq].

    Source: Engel et al., "GANSynth", ICLR 2019; `magenta/models/gansynth/lib/networks.py`.
    """
    config = generator.config
    times, freqs = config.start
    pixel = generator.inputs(z, pitch)[:, :, None, None]
    frame = functional.pad(pixel, (freqs - 1, freqs - 1, times - 1, times - 1))
    x = _activate(_convolve(generator.first.conv0, frame, padding=0))
    x = _activate(_convolve(generator.first.conv1, x))
    for block in generator.blocks:
        assert isinstance(block, Block)
        x = functional.interpolate(x, scale_factor=2, mode="nearest")
        x = _activate(_convolve(block.conv0, x))
        x = _activate(_convolve(block.conv1, x))
    head = generator.to_rgb[str(len(config.channels))]
    assert isinstance(head, EqualisedConv)
    return torch.tanh(_convolve(head, x, padding=0))


def _convolve(conv: EqualisedConv, x: Tensor, padding: int = 1) -> Tensor:
    return functional.conv2d(x, conv.weight * conv.scale, conv.bias, padding=padding)


def _activate(x: Tensor) -> Tensor:
    return pixel_norm(functional.leaky_relu(x, LEAKY_SLOPE))
