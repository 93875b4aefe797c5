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
from .generator import Block, Generator, rows_around
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
    def __call__(
        self, z: Tensor, pitch: Tensor, n_times: int | None = None, first: int = 0
    ) -> Tensor:
        """Make specgrams: see `Generator.forward`; `first` is the first column to give."""
        return self._run(z, pitch, n_times, len(self._n_rows), first)[0]

    @torch.inference_mode()
    def with_outline(
        self, z: Tensor, pitch: Tensor, n_times: int | None, stage: int, first: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Make some columns, and what a lower block would give of the whole.

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers.
            n_times: Columns wanted of the last block; None: all.
            stage: The lower block, counted from 1; it has a head.
            first: The first column wanted.

        Returns:
            float32 [batch, 2, n_times, freq], and [batch, 2, time, freq] of the lower block.
        """
        return self._run(z, pitch, n_times, stage, first)

    def _run(
        self, z: Tensor, pitch: Tensor, n_times: int | None, stage: int, first: int
    ) -> tuple[Tensor, Tensor]:
        inputs = self._generator.inputs(z, pitch)
        index = (pitch - self.config.lowest_pitch).tolist()
        n_last = self._n_rows[-1]
        needed = rows_around(first, n_last if n_times is None else n_times, self._n_rows)
        rows = list(needed)
        if stage < len(needed):
            rows[:stage] = [(0, n) for n in self._n_rows[:stage]]
        made = [self._make(x, i, rows, needed) for x, i in zip(inputs, index, strict=True)]
        out = self._stacked(made, len(needed))[:, :, first - needed[-1][0] :]
        return out, self._stacked(made, stage)

    def _stacked(self, made: list[dict[int, _Image]], number: int) -> Tensor:
        images = [sums[number] for sums in made]
        out = torch.from_numpy(np.stack(images) if len(images) > 1 else images[0][None])
        return torch.tanh(out) if self.config.output == "tanh" else out

    def _make(
        self,
        inputs: Tensor,
        pitch_class: int,
        made: list[tuple[int, int]],
        needed: list[tuple[int, int]],
    ) -> dict[int, _Image]:
        """Make one specgram: the sum of the heads up to each block, float32 [2, time, freq].

        Args:
            inputs: float32 [input].
            pitch_class: Counted from 0.
            made: The first row that each block makes, and the one after its last.
            needed: Those of each block that the blocks above it look at, likewise.
        """
        start = self.config.start
        x = torch.mv(self._dense, inputs).view(*start, -1)
        activate(x.numpy(), self._dense_bias)
        x = self._first_conv(x, (0, start[0]))
        sums: dict[int, _Image] = {}
        self._finish(1, x, self._first_conv.bias, sums, 0)
        below = (0, start[0])
        for number, block in enumerate(self._blocks, 2):
            rows = made[number - 1]
            if rows == needed[number - 1]:
                low, high = needed[number - 2]
                x, below = x[low - below[0] : high - below[0]], (low, high)
            self._between_layers()
            noise = self._noise(block, number, pitch_class)
            # One row more on each side for the second convolution, but for the image's own edges.
            low, high = max(rows[0] - 1, 0), min(rows[1] + 1, self._n_rows[number - 1])
            y = block.upscaled(x)[low - 2 * below[0] : high - 2 * below[0]]
            add_noise(y, noise, block.noise, 0, low)
            activate(y.numpy(), block.added(pitch_class))
            self._between_layers()
            x = block.conv1(y, (rows[0] - low, rows[1] - low))
            add_noise(x, noise, block.noise, 1, rows[0])
            self._finish(number, x, block.conv1.bias, sums, rows[0] // 2 - made[number - 2][0])
            below = rows
        return sums

    def _noise(self, block: "_Block", number: int, pitch_class: int) -> Tensor | None:
        return None if block.noise is None else self._generator.own_noise(pitch_class, number)

    def _finish(
        self, number: int, x: Tensor, bias: _Image, sums: dict[int, _Image], skipped: int
    ) -> None:
        """Activate a block's output, [time, freq, channel], in place; add its head to `sums`.

        Args:
            number: Of the block.
            x: Its output.
            bias: Of its last convolution.
            sums: By block.
            skipped: Rows of the sum below that lie before this block's first.
        """
        head = self._heads.get(number)
        if head is None:
            activate(x.numpy(), bias)
            return
        below = sums.get(number - 1)
        if below is None:
            below = np.zeros((2, skipped - (-x.shape[0] // 2), -(-x.shape[1] // 2)), np.float32)
        out = np.empty((2, *x.shape[:2]), np.float32)
        activate_with_head(x.numpy(), bias, head.kernel, head.bias, below[:, skipped:], out)
        sums[number] = out


class _Convolution:
    """A 3x3 convolution without its bias, which is added later: [time, freq, channel]."""

    def __init__(self, conv: EqualisedConv, n_freqs: int) -> None:
        kernel = conv.kernel.detach()
        self._kernel = kernel.contiguous(memory_format=torch.channels_last)
        self.bias = _row(conv.bias, n_freqs)

    def __call__(self, x: Tensor, rows: tuple[int, int]) -> Tensor:
        image = x.permute(2, 0, 1)[None]
        out = functional.conv2d(image, self._kernel, padding=1)
        return out[0].permute(1, 2, 0)[rows[0] : rows[1]].contiguous()


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


def add_noise(
    x: Tensor, noise: Tensor | None, strength: Tensor | None, place: int, first: int = 0
) -> None:
    """Add a block's noise to what one of its convolutions gave, in place.

    Args:
        x: [time, freq, channel].
        noise: [`N_NOISES`, time, freq], at least as many times; None adds none.
        strength: [`N_NOISES`, channel].
        place: Of the convolution, and so of its noise: 0 or 1.
        first: Time of the first one of `x`.
    """
    if noise is not None and strength is not None:
        x.addcmul_(noise[place, first : first + len(x), :, None], strength[place])


def _row(bias: Tensor, n_freqs: int) -> _Image:
    """Repeat a bias for each frequency: float32 [freq, channel]."""
    return np.tile(bias.detach().numpy(), (n_freqs, 1))
