"""A generator that is not trained any more, in the form in which a GPU is fastest.

Whole batches, channels side by side, upscaling and convolving in one, what the pitch adds worked
out beforehand, and convolutions in tf32 or bf16. Sums, norms and images are float32, because a
phase is added up over all times. It runs on a CPU as well, so that it can be tested without a GPU.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .cpu_generator import CPUGenerator
from .cuda_graphs import Capture, CUDAGraphs, FixedBatches
from .generator import Block, Generator, rows_needed
from .layers import EPSILON, LEAKY_SLOPE, EqualisedConv, pixel_norm, subpixel_kernel, upscale

Precision = Literal["fp32", "tf32", "bf16"]
"""What convolutions multiply: float32 as it is, rounded to 10 bits, or to 7 bits and half the
size. They add up in float32. A device that has no tf32 takes float32."""

BATCH_SIZES = (1, 4, 16)
"""A key that waits, a chord, and what fills a GPU: 16 notes of the published size take 2 GB."""


class GPUGenerator:
    """Gives what a `Generator` gives, for many notes at a time.

    Calls may come from several threads; they wait for each other.
    """

    def __init__(
        self,
        generator: Generator,
        precision: Precision = "tf32",
        *,
        batch_sizes: Sequence[int] = BATCH_SIZES,
        capture: Capture | None = None,
    ) -> None:
        """Work out all that does not depend on the note.

        Args:
            generator: One that `suits`, on the device that is to make the notes.
            precision: Of the convolutions.
            batch_sizes: Rising; larger batches are divided. With CUDA graphs there are no others.
            capture: Records graphs; on a CUDA device `CUDAGraphs` without it.
        """
        self.config = config = generator.config
        self.precision = precision
        first = generator.first
        device = first.conv0.weight.device
        self._on_cuda = device.type == "cuda"
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        # A VALID convolution over one pixel in a frame of zeros meets one tap of the kernel at
        # each place, the last tap first.
        dense = first.conv0.kernel.detach().flip(2, 3).permute(2, 3, 0, 1)
        self._dense = dense.reshape(-1, dense.shape[-1]).contiguous()
        self._dense_bias = first.conv0.bias.detach()[:, None, None]
        self._labels = config.pitch_gain * torch.eye(config.n_pitches, device=device)
        self._first_conv = _Convolution(first.conv1, dtype)
        self._dtype = dtype
        self._n_rows = [config.stage_size(n)[0] for n in range(1, len(config.channels) + 1)]
        self._blocks = [
            _Block(block, dtype, generator.pooled_maps(number))
            for number, block in enumerate(generator.blocks, 2)
        ]
        heads = {int(number): head for number, head in generator.to_rgb.items()}
        if config.output != "skip":
            heads = {len(self._n_rows): heads[len(self._n_rows)]}
        self._heads = {number: _Head(head) for number, head in heads.items()}
        if capture is None and self._on_cuda:
            capture = CUDAGraphs(device)
        self._batches = FixedBatches(self._make_precisely, batch_sizes, capture)

    @staticmethod
    def suits(config: NetworkConfig) -> bool:
        """Say whether there is a fast form: of the shapes that people train and publish."""
        return CPUGenerator.suits(config) and not config.noise

    @torch.inference_mode()
    def __call__(self, z: Tensor, pitch: Tensor, n_times: int | None = None) -> Tensor:
        """Make specgrams: see `Generator.forward`."""
        n_times = min(n_times or self._n_rows[-1], self._n_rows[-1])
        return self._batches(z, pitch - self.config.lowest_pitch, n_times)

    def _make_precisely(self, z: Tensor, index: Tensor, n_times: int) -> Tensor:
        """Let CUDA round as `precision` says, and choose the fastest kernel for each size."""
        if not self._on_cuda:
            return self._make(z, index, n_times)
        allow_tf32 = self.precision == "tf32"
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=allow_tf32):
            return self._make(z, index, n_times)

    def _make(self, z: Tensor, index: Tensor, n_times: int) -> Tensor:
        """Make specgrams, float32 [batch, 2, time, freq], of pitches counted from the lowest."""
        start, n_rows = self.config.start, rows_needed(n_times, self._n_rows)
        inputs = pixel_norm(torch.cat([z, self._labels[index]], 1))
        x = functional.linear(inputs, self._dense).view(len(z), *start, -1).permute(0, 3, 1, 2)
        x = _activate((x + self._dense_bias).to(self._dtype))
        x = _activate(self._first_conv(x))[:, :, : n_rows[0]]
        total = self._add_head(1, x, None)
        for number, block in enumerate(self._blocks, 2):
            n_wanted = n_rows[number - 1]
            x = _activate(block.upscaled(x, index)[:, :, : n_wanted + 1])
            x = _activate(block.conv1(x)[:, :, :n_wanted])
            total = self._add_head(number, x, total)
        assert total is not None, "the last block has a head"
        return torch.tanh(total) if self.config.output == "tanh" else total

    def _add_head(self, number: int, x: Tensor, total: Tensor | None) -> Tensor | None:
        """Add a block's image to the sum of those below it, upscaled."""
        if total is not None:
            total = upscale(total)[:, :, : x.shape[2]]
        head = self._heads.get(number)
        if head is None:
            return total
        return head(x) if total is None else total + head(x)


class _Convolution:
    """A 3x3 convolution: [batch, channel, time, freq]."""

    def __init__(self, conv: EqualisedConv, dtype: torch.dtype) -> None:
        self._kernel = _laid_out(conv.kernel, dtype)
        self._bias = conv.bias.detach().to(dtype)

    def __call__(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self._kernel, self._bias, padding=1)


class _Block:
    """A block's two convolutions and what a pitch adds to the first one's output."""

    def __init__(self, block: nn.Module, dtype: torch.dtype, maps: Tensor | None) -> None:
        assert isinstance(block, Block)
        self._up = _laid_out(subpixel_kernel(block.conv0.kernel.detach()), dtype)
        self._bias: Tensor | None = block.conv0.bias.detach().to(dtype)
        self._added: Tensor | None = None
        self.conv1 = _Convolution(block.conv1, dtype)
        if block.maps is not None and maps is not None:
            kernel = block.maps.kernel.detach()[..., 0, 0]
            bias = block.conv0.bias.detach() + block.maps.bias.detach()
            added = (maps.transpose(1, 2) @ kernel.T + bias)[:, None]
            self._added = added.permute(0, 3, 1, 2)  # [pitch, channel, 1, freq]
            self._bias = None

    def upscaled(self, x: Tensor, index: Tensor) -> Tensor:
        """Upscale and convolve, and add what the pitches add."""
        up = functional.conv_transpose2d(x, self._up, self._bias, stride=2, padding=1)
        return up if self._added is None else up.add_(self._added[index])


class _Head:
    """A head's 1x1 convolution, in float32: its image holds phases."""

    def __init__(self, head: nn.Module) -> None:
        assert isinstance(head, EqualisedConv)
        self._kernel = head.kernel.detach()[..., 0, 0].contiguous()
        self._bias = head.bias.detach()

    def __call__(self, x: Tensor) -> Tensor:
        image = functional.linear(x.permute(0, 2, 3, 1).float(), self._kernel, self._bias)
        return image.permute(0, 3, 1, 2)


def _laid_out(kernel: Tensor, dtype: torch.dtype) -> Tensor:
    return kernel.detach().to(dtype).contiguous(memory_format=torch.channels_last)


def _activate(x: Tensor) -> Tensor:
    """Apply leaky ReLU and pixel norm in place; the norm's sum is float32."""
    x = functional.leaky_relu_(x, LEAKY_SLOPE)
    norm = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32)
    return x.mul_(norm.square_().div_(x.shape[1]).add_(EPSILON).rsqrt_())
