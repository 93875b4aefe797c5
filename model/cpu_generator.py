"""A generator that is not trained any more, in the form in which a CPU is fastest.

Upscaling and convolving are one transposed convolution, channels lie side by side, and what
happens between convolutions is one pass (`fused`). One note at a time: the images of a batch
would not fit into a core's cache.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .fused import activate, activate_with_head
from .generator import Block, Generator, rows_needed
from .layers import EqualisedConv, subpixel_kernel

_Image = NDArray[np.float32]


class CPUGenerator:
    """Gives what a `Generator` gives, several times as fast.

    Calls may come from several threads: nothing in it changes after it is made.
    """

    def __init__(
        self, generator: Generator, between_layers: Callable[[], None] = lambda: None
    ) -> None:
        """Work out all that does not depend on the note.

        Args:
            generator: One that `suits`, on the CPU.
            between_layers: Called between layers; it may wait, to let another thread go first.
        """
        self._generator = generator
        self._between_layers = between_layers
        self.config = config = generator.config
        first = generator.first
        # A VALID convolution over one pixel in a frame of zeros meets one tap of the kernel at
        # each place, the last tap first.
        dense = first.conv0.kernel.detach().flip(2, 3).permute(2, 3, 0, 1)
        self._dense = dense.reshape(-1, dense.shape[-1]).contiguous()
        self._dense_bias = _row(first.conv0.bias, config.start[1])
        self._first_conv = _Convolution(first.conv1, config.start[1])
        sizes = [config.stage_size(n) for n in range(1, len(config.channels) + 1)]
        self._n_rows = [n_times for n_times, _ in sizes]
        self._blocks = [
            _Block(block, n_freqs, generator.pooled_maps(number))
            for number, (block, (_, n_freqs)) in enumerate(
                zip(generator.blocks, sizes[1:], strict=True), 2
            )
        ]
        heads = {int(number): head for number, head in generator.to_rgb.items()}
        if config.output != "skip":
            heads = {len(sizes): heads[len(sizes)]}
        self._heads = {number: _Head(head) for number, head in heads.items()}

    @staticmethod
    def suits(config: NetworkConfig) -> bool:
        """Say whether there is a fast form: of the shapes that people train and publish."""
        return (
            config.architecture == "progressive"
            and config.progress is None
            and config.n_resolutions in {None, len(config.channels)}
            and config.upscaling == (2, 2)
            and config.kernel_size == 3
        )

    @torch.inference_mode()
    def __call__(self, z: Tensor, pitch: Tensor, n_times: int | None = None) -> Tensor:
        """Make specgrams: see `Generator.forward`."""
        return self._run(z, pitch, n_times, len(self._n_rows))[0]

    @torch.inference_mode()
    def with_outline(
        self, z: Tensor, pitch: Tensor, n_times: int, stage: int
    ) -> tuple[Tensor, Tensor]:
        """Make the first columns, and what a lower block would give of the whole.

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers.
            n_times: Columns wanted of the last block.
            stage: The lower block, counted from 1; it has a head.

        Returns:
            float32 [batch, 2, n_times, freq], and [batch, 2, time, freq] of the lower block.
        """
        return self._run(z, pitch, n_times, stage)

    def _run(
        self, z: Tensor, pitch: Tensor, n_times: int | None, stage: int
    ) -> tuple[Tensor, Tensor]:
        inputs = self._generator.inputs(z, pitch)
        index = (pitch - self.config.lowest_pitch).tolist()
        needed = rows_needed(n_times or self._n_rows[-1], self._n_rows)
        n_rows = needed if stage == len(needed) else self._n_rows[:stage] + needed[stage:]
        made = [self._make(x, i, n_rows, needed) for x, i in zip(inputs, index, strict=True)]
        return self._stacked(made, len(needed)), self._stacked(made, stage)

    def _stacked(self, made: list[dict[int, _Image]], number: int) -> Tensor:
        images = [sums[number] for sums in made]
        out = torch.from_numpy(np.stack(images) if len(images) > 1 else images[0][None])
        return torch.tanh(out) if self.config.output == "tanh" else out

    def _make(
        self, inputs: Tensor, pitch_class: int, n_rows: list[int], needed: list[int]
    ) -> dict[int, _Image]:
        """Make one specgram: the sum of the heads up to each block, float32 [2, time, freq].

        Args:
            inputs: float32 [input].
            pitch_class: Counted from 0.
            n_rows: Columns that each block makes.
            needed: Columns of each block that those above it look at.
        """
        start = self.config.start
        x = torch.mv(self._dense, inputs).view(*start, -1)
        activate(x.numpy(), self._dense_bias)
        x = self._first_conv(x, n_rows[0])
        sums: dict[int, _Image] = {}
        self._finish(1, x, self._first_conv.bias, sums)
        for number, block in enumerate(self._blocks, 2):
            wanted = n_rows[number - 1]
            if wanted == needed[number - 1]:
                x = x[: needed[number - 2]]
            self._between_layers()
            noise = self._noise(block, number, pitch_class)
            y = block.upscaled(x)[: wanted + 1]
            add_noise(y, noise, block.noise, 0)
            activate(y.numpy(), block.added(pitch_class))
            self._between_layers()
            x = block.conv1(y, wanted)
            add_noise(x, noise, block.noise, 1)
            self._finish(number, x, block.conv1.bias, sums)
        return sums

    def _noise(self, block: "_Block", number: int, pitch_class: int) -> Tensor | None:
        return None if block.noise is None else self._generator.own_noise(pitch_class, number)

    def _finish(self, number: int, x: Tensor, bias: _Image, sums: dict[int, _Image]) -> None:
        """Activate a block's output, [time, freq, channel], in place; add its head to `sums`."""
        head = self._heads.get(number)
        if head is None:
            activate(x.numpy(), bias)
            return
        below = sums.get(number - 1)
        if below is None:
            below = np.zeros((2, -(-x.shape[0] // 2), -(-x.shape[1] // 2)), np.float32)
        out = np.empty((2, *x.shape[:2]), np.float32)
        activate_with_head(x.numpy(), bias, head.kernel, head.bias, below, out)
        sums[number] = out


class _Convolution:
    """A 3x3 convolution without its bias, which is added later: [time, freq, channel]."""

    def __init__(self, conv: EqualisedConv, n_freqs: int) -> None:
        kernel = conv.kernel.detach()
        self._kernel = kernel.contiguous(memory_format=torch.channels_last)
        self.bias = _row(conv.bias, n_freqs)

    def __call__(self, x: Tensor, n_times: int) -> Tensor:
        image = x.permute(2, 0, 1)[None]
        out = functional.conv2d(image, self._kernel, padding=1)
        return out[0].permute(1, 2, 0)[:n_times].contiguous()


class _Block:
    """A block's two convolutions and what is added to the first one's output."""

    def __init__(self, block: nn.Module, n_freqs: int, maps: Tensor | None) -> None:
        assert isinstance(block, Block)
        up = subpixel_kernel(block.conv0.kernel.detach())
        self._up = up.contiguous(memory_format=torch.channels_last)
        self.conv1 = _Convolution(block.conv1, n_freqs)
        self._bias = _row(block.conv0.bias, n_freqs)
        self.noise = None if block.noise is None else block.noise.detach()[..., 0, 0]
        self._maps, self._projection = None, None
        if block.maps is not None and maps is not None:
            self._maps = maps.transpose(1, 2).contiguous()  # [pitch, freq, map]
            self._projection = block.maps.kernel.detach()[..., 0, 0].T.contiguous()
            self._map_bias = torch.from_numpy(self._bias + block.maps.bias.detach().numpy())

    def upscaled(self, x: Tensor) -> Tensor:
        """Upscale and convolve [time, freq, channel] without the bias."""
        image = x.permute(2, 0, 1)[None]
        up = functional.conv_transpose2d(image, self._up, stride=2, padding=1)
        return up[0].permute(1, 2, 0).contiguous()

    def added(self, pitch_class: int) -> _Image:
        """Give the bias and what the maps of a pitch add: float32 [freq, channel]."""
        if self._maps is None or self._projection is None:
            return self._bias
        added: _Image = torch.addmm(
            self._map_bias, self._maps[pitch_class], self._projection
        ).numpy()
        return added


class _Head:
    """A head's 1x1 kernel, [2, channel], and bias, [2]."""

    def __init__(self, head: nn.Module) -> None:
        assert isinstance(head, EqualisedConv)
        self.kernel = np.ascontiguousarray(head.kernel.detach()[..., 0, 0].numpy())
        self.bias = head.bias.detach().numpy()


def add_noise(x: Tensor, noise: Tensor | None, strength: Tensor | None, place: int) -> None:
    """Add a block's noise to what one of its convolutions gave, in place.

    Args:
        x: [time, freq, channel].
        noise: [`N_NOISES`, time, freq], at least as many times; None adds none.
        strength: [`N_NOISES`, channel].
        place: Of the convolution, and so of its noise: 0 or 1.
    """
    if noise is not None and strength is not None:
        x.addcmul_(noise[place, : len(x), :, None], strength[place])


def _row(bias: Tensor, n_freqs: int) -> _Image:
    """Repeat a bias for each frequency: float32 [freq, channel]."""
    return np.tile(bias.detach().numpy(), (n_freqs, 1))
