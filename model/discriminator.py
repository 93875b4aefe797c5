"""The discriminator: a specgram to how real it looks and to which pitch it has."""

import math

from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .growth import image_weight
from .layers import LEAKY_SLOPE, EqualisedConv, EqualisedLinear, append_deviation, downscale
from .normalizer import PRESPECIFIED, FrequencyNormalizer, Normalizer


class Heads(nn.Module):
    """What the last layer's values say: a critic's score, and a logit for each pitch."""

    def __init__(self, n_in: int, score: nn.Module, n_pitches: int) -> None:
        super().__init__()
        self.score = score
        self.pitch = EqualisedLinear(n_in, n_pitches)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Turn [batch, in] into [batch] and [batch, pitch]."""
        return self.score(x)[:, 0], self.pitch(x)


class DiscriminatorBlock(nn.Module):
    """Two convolutions at one resolution; the channels change in the second one."""

    def __init__(self, n_in: int, n_out: int, kernel_size: int) -> None:
        super().__init__()
        self.conv0 = EqualisedConv(n_in, n_in, (kernel_size, kernel_size))
        self.conv1 = EqualisedConv(n_in, n_out, (kernel_size, kernel_size))

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in, time, freq] into [batch, out, time, freq]."""
        return leaky(self.conv1(leaky(self.conv0(x))))


class LastBlock(nn.Module):
    """The smallest image becomes a vector, together with how much a batch's images differ."""

    def __init__(self, n_in: int, n_out: int, config: NetworkConfig) -> None:
        super().__init__()
        self.conv0 = EqualisedConv(n_in + 1, n_in, (config.kernel_size, config.kernel_size))
        self.conv1 = EqualisedConv(n_in, n_out, config.start)

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in, time, freq] into [batch, out].

        A VALID convolution with a kernel as large as the image is a matrix product.
        """
        x = leaky(self.conv0(append_deviation(x)))
        kernel = self.conv1.kernel.flatten(1)
        return leaky(functional.linear(x.flatten(1), kernel, self.conv1.bias))


class Discriminator(nn.Module):
    """GANSynth's discriminator at any width: the generator's mirror, without pixel norm.

    It gets images that are not normalised and normalises them itself, so that a gradient with
    respect to them is in nepers and half turns. A block at each resolution also gets the image
    itself, faded out as the block above is faded in.

    Source: Engel et al., "GANSynth", ICLR 2019; magenta/magenta (Apache-2.0),
    `models/gansynth/lib/networks.py`, its numbers; written anew.
    """

    def __init__(
        self,
        config: NetworkConfig,
        normalizer: Normalizer = PRESPECIFIED,
        n_last: int | None = None,
    ) -> None:
        """Make a discriminator with random weights.

        Args:
            config: The shape of the generator whose mirror it is.
            normalizer: The generator's.
            n_last: Channels of the last layer; those of the first block without it.
        """
        super().__init__()
        self.config = config
        self.normalizer = normalizer
        channels = (n_last or config.channels[0], *config.channels)
        self.from_rgb = nn.ModuleList(EqualisedConv(2, n, (1, 1)) for n in config.channels)
        self.last = LastBlock(channels[1], channels[0], config)
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(channels[number], channels[number - 1], config.kernel_size)
            for number in range(2, len(channels))
        )
        score = EqualisedLinear(channels[0], 1)
        self.heads = Heads(channels[0], score, config.n_pitches)

    def forward(self, images: Tensor, progress: float | None = None) -> tuple[Tensor, Tensor]:
        """Judge images.

        Args:
            images: float32 [batch, 2, time, freq], not normalised, all of one kind (real, fake
                or between), because how much they differ counts; at the generator's output
                size, or at a lower resolution that still shows all that counts.
            progress: Which blocks count, as in `Generator.forward`; the configuration's
                without it.

        Returns:
            float32 [batch], the critic's scores, and [batch, pitch], the logits of the pitches.

        Raises:
            ValueError: If the images have none of the resolutions, or too low a one.
        """
        progress = block_progress(self.config, progress)
        pyramid = ImagePyramid(self.config, self.normalizer, images, progress)
        x = self._from_image(pyramid, pyramid.top)
        for number in range(pyramid.top, 1, -1):
            x = downscale(self.blocks[number - 2](x), self.config.upscaling)
            weight = image_weight(number - 1, progress)
            if weight > 0:
                x = weight * self._from_image(pyramid, number - 1) + (1 - weight) * x
        score, pitch = self.heads(self.last(x))
        return score, pitch

    def _from_image(self, pyramid: "ImagePyramid", number: int) -> Tensor:
        return leaky(self.from_rgb[number - 1](pyramid.at(number)))


class ImagePyramid:
    """Images, normalised, at the resolution of each block.

    Attributes:
        top: The highest block that counts, counted from 1.
    """

    def __init__(
        self, config: NetworkConfig, normalizer: Normalizer, images: Tensor, progress: float
    ) -> None:
        """Normalise the images.

        Raises:
            ValueError: If they have none of the resolutions, or too low a one.
        """
        self.top = math.ceil(progress) + 1
        size = (images.shape[2], images.shape[3])
        sizes = [config.stage_size(n) for n in range(self.top, config.last_resolution + 1)]
        if isinstance(normalizer, FrequencyNormalizer):
            sizes = sizes[-1:]  # its numbers are those of the output's frequencies
        if size not in sizes:
            wanted = " or ".join(f"{times}x{freqs}" for times, freqs in sizes)
            raise ValueError(f"images must be {wanted}, not {size[0]}x{size[1]}")
        self._resolution = config.last_resolution - len(sizes) + 1 + sizes.index(size)
        self._upscaling = config.upscaling
        self._normalized = normalizer.normalize(images)

    def at(self, number: int) -> Tensor:
        """Give the images at a block's resolution, counted from 1."""
        steps = self._resolution - number
        if steps == 0:
            return self._normalized
        along_time, along_freq = self._upscaling
        return downscale(self._normalized, (along_time**steps, along_freq**steps))


def leaky(x: Tensor) -> Tensor:
    """Apply leaky ReLU (0.2)."""
    return functional.leaky_relu(x, LEAKY_SLOPE)


def block_progress(config: NetworkConfig, progress: float | None) -> float:
    """Give the progress to judge at: the configuration's where none is given.

    Raises:
        ValueError: If there are too few blocks for it.
    """
    last = len(config.channels) - 1
    progress = config.progress if progress is None else progress
    if progress is None:
        return last
    if not 0 <= progress <= last:
        raise ValueError(f"progress must be 0..{last}, not {progress:g}")
    return progress


def pixels_each(config: NetworkConfig, images: Tensor) -> int:
    """Say how many pixels of the generator's output one pixel of these images stands for."""
    return math.prod(config.size) // (images.shape[2] * images.shape[3])
