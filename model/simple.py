"""GANSynth's simple architecture: a single strided convolution a block, and nothing normalised.

An option of the original that the published models do not use. Padding is TensorFlow's "SAME",
whose odd pixel goes to the end.

Source: magenta/magenta (Apache-2.0), `models/gansynth/lib/networks.py` with `simple_arch`, its
shapes and numbers; written anew.
"""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .discriminator import Heads, ImagePyramid, block_progress
from .growth import head_weights, image_weight
from .layers import append_deviation, upscale
from .normalizer import PRESPECIFIED, Normalizer

# A normal distribution cut at two standard deviations is narrower; GANSynth's initialiser makes
# up for it with this.
_TRUNCATION_GAIN = 1.3


def he_truncated_(weight: Tensor, fan_in: int) -> Tensor:
    """Fill a weight with He's initialisation from a normal distribution cut at two deviations.

    Args:
        weight: Any shape; changed in place.
        fan_in: What the original counts as inputs of a value.

    Source: He et al., 2015; TensorFlow's `variance_scaling_initializer` with its defaults.
    """
    deviation = math.sqrt(_TRUNCATION_GAIN * 2.0 / fan_in)
    return nn.init.trunc_normal_(weight, 0.0, deviation, -2 * deviation, 2 * deviation)


class SimpleConv(nn.Module):
    """A convolution that makes the image `stride` times smaller.

    Attributes:
        weight: float32 [out, in, time, freq].
        bias: float32 [out].
    """

    def __init__(
        self, n_in: int, n_out: int, kernel_size: int = 1, stride: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.stride = stride
        he_truncated_(self.weight, n_in * kernel_size**2)

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in, time, freq] into [batch, out, time / stride, freq / stride]."""
        before, after = _padding(self.weight.shape[2], self.stride)
        x = functional.pad(x, (before[1], after[1], before[0], after[0]))
        return functional.conv2d(x, self.weight, self.bias, stride=self.stride)


class SimpleTransposedConv(nn.Module):
    """A transposed convolution that makes the image `stride` times larger.

    Attributes:
        weight: float32 [in, out, time, freq].
        bias: float32 [out].
    """

    def __init__(self, n_in: int, n_out: int, kernel_size: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_in, n_out, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.stride = stride
        # The original takes the outputs for the inputs here: its kernel has them in their place.
        he_truncated_(self.weight, n_out * kernel_size**2)

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in, time, freq] into [batch, out, stride time, stride freq]."""
        size = self.weight.shape[2]
        before, _ = _padding(size, self.stride)
        more = [max(0, along - size) for along in self.stride]
        out = functional.conv_transpose2d(
            x, self.weight, self.bias, self.stride, (before[0], before[1]), (more[0], more[1])
        )
        return out[:, :, : x.shape[2] * self.stride[0], : x.shape[3] * self.stride[1]]

    def n_columns_for(self, n_columns: int) -> int:
        """Say how many columns of the input the first ones of the output depend on."""
        (before, _), _ = _padding(self.weight.shape[2], self.stride)
        return (n_columns - 1 + before) // self.stride[0] + 1


def _padding(kernel_size: int, stride: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give the padding before and after, along time and freq, where the stride divides the size."""
    total = [max(kernel_size - along, 0) for along in stride]
    before = (total[0] // 2, total[1] // 2)
    return before, (total[0] - before[0], total[1] - before[1])


class SimpleGenerator(nn.Module):
    """The simple architecture's generator; it is called as `Generator` is."""

    level: None = None

    def __init__(self, config: NetworkConfig) -> None:
        """Make a generator with random weights."""
        super().__init__()
        self.config = config
        channels = config.channels
        n_pixels = math.prod(config.start)
        n_in = config.latent_size + config.n_pitches
        self.dense = nn.Linear(n_in, n_pixels * channels[0])
        he_truncated_(self.dense.weight.data, n_in)
        nn.init.zeros_(self.dense.bias)
        self.blocks = nn.ModuleList(
            SimpleTransposedConv(low, high, config.kernel_size, config.upscaling)
            for low, high in itertools.pairwise(channels)
        )
        self.to_rgb = nn.ModuleDict(
            {
                str(number): SimpleConv(n, 2)
                for number, n in enumerate(channels, 1)
                if number >= config.first_head
            }
        )

    def freeze(self) -> None:
        """Do nothing: no weight is scaled at run time."""

    def inputs(self, z: Tensor, pitch: Tensor) -> Tensor:
        """Join latents and one-hot pitches: [batch, in]; see `Generator.inputs`."""
        label = functional.one_hot(pitch - self.config.lowest_pitch, self.config.n_pitches)
        return torch.cat([z, label.to(z) * self.config.pitch_gain], 1)

    def forward(
        self,
        z: Tensor,
        pitch: Tensor,
        stage: int | None = None,
        n_times: int | None = None,
        progress: float | None = None,
    ) -> Tensor:
        """Make specgrams; see `Generator.forward`."""
        config = self.config
        stage = stage or config.last_resolution
        weights = head_weights(config, stage, progress)
        n_blocks = max(weights)
        factor = [along ** (stage - n_blocks) for along in config.upscaling]
        columns = self._columns_needed(n_times, n_blocks, factor[0])
        x = torch.relu(self.dense(self.inputs(z, pitch)))
        # The dense layer's values are in the original's order, channels last.
        x = x.view(len(x), *config.start, -1).permute(0, 3, 1, 2)[:, :, : columns[0]]
        total = self._head(None, 1, x, weights)
        for number in range(2, n_blocks + 1):
            x = torch.relu(self.blocks[number - 2](x))[:, :, : columns[number - 1]]
            total = self._head(total, number, x, weights)
        assert total is not None, "the last block that runs has a head"
        if stage > n_blocks:
            total = upscale(total, (factor[0], factor[1]))
        return total if n_times is None else total[:, :, :n_times]

    def _columns_needed(self, n_times: int | None, n_blocks: int, factor: int) -> list[int]:
        """Say how many columns of each block's output the first ones of the last depend on."""
        whole = self.config.stage_size(n_blocks)[0]
        needed = [whole if n_times is None else min(whole, -(-n_times // factor))]
        for number in range(n_blocks, 1, -1):
            block = self.blocks[number - 2]
            assert isinstance(block, SimpleTransposedConv)
            below = self.config.stage_size(number - 1)[0]
            needed.insert(0, min(below, block.n_columns_for(needed[0])))
        return needed

    def _head(
        self, total: Tensor | None, number: int, x: Tensor, weights: dict[int, float]
    ) -> Tensor | None:
        """Add a block's output to the sum of the lower ones'."""
        if total is not None:
            total = upscale(total, self.config.upscaling)[:, :, : x.shape[2]]
        if number not in weights:
            return total
        out = self.to_rgb[str(number)](x)
        out = weights[number] * (torch.tanh(out) if self.config.output == "tanh" else out)
        return out if total is None else total + out


class SimpleDiscriminator(nn.Module):
    """The simple architecture's discriminator; it is called as `Discriminator` is."""

    def __init__(
        self,
        config: NetworkConfig,
        normalizer: Normalizer = PRESPECIFIED,
        n_last: int | None = None,
    ) -> None:
        """Make a discriminator with random weights; see `Discriminator`."""
        super().__init__()
        self.config = config
        self.normalizer = normalizer
        channels = (n_last or config.channels[0], *config.channels)
        self.from_rgb = nn.ModuleList(SimpleConv(2, n) for n in config.channels)
        self.blocks = nn.ModuleList(
            SimpleConv(channels[number], channels[number - 1], config.kernel_size, config.upscaling)
            for number in range(2, len(channels))
        )
        n_in = math.prod(config.start) * (channels[1] + 1)
        self.last = nn.Linear(n_in, channels[0])
        score = nn.Linear(channels[0], 1)
        for dense in (self.last, score):
            he_truncated_(dense.weight.data, dense.in_features)
            nn.init.zeros_(dense.bias)
        self.heads = Heads(channels[0], score, config.n_pitches)

    def forward(self, images: Tensor, progress: float | None = None) -> tuple[Tensor, Tensor]:
        """Judge images; see `Discriminator.forward`."""
        progress = block_progress(self.config, progress)
        pyramid = ImagePyramid(self.config, self.normalizer, images, progress)
        x = self._from_image(pyramid, pyramid.top)
        for number in range(pyramid.top, 1, -1):
            x = torch.relu(self.blocks[number - 2](x))
            weight = image_weight(number - 1, progress)
            if weight > 0:
                x = weight * self._from_image(pyramid, number - 1) + (1 - weight) * x
        x = append_deviation(x).permute(0, 2, 3, 1).flatten(1)
        score, pitch = self.heads(torch.relu(self.last(x)))
        return score, pitch

    def _from_image(self, pyramid: ImagePyramid, number: int) -> Tensor:
        return torch.relu(self.from_rgb[number - 1](pyramid.at(number)))
