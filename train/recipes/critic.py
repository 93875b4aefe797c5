"""The critic of the recommended recipe: how real notes of a pitch look, and which pitch they have.

Another network than GANSynth's discriminator: it is asked about a given pitch (a projection),
sees phase as a direction and only where it can be heard, and where the pitch's harmonics lie.
"""

import itertools
import math

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from model.config import NetworkConfig
from model.discriminator import leaky
from model.generator import N_MAPS, harmonic_maps
from model.layers import EqualisedConv, EqualisedLinear, downscale

from .loss import audibility

N_PLANES = 3
_FLOOR = -0.8
_VARIANCE_FLOOR = 1e-6
_HALF = 0.5**0.5


class CriticConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape of a critic.

    Attributes:
        network: The generator's, whose mirror it is; it grows from its `first_head` up.
        db_per_unit: Decibels of one unit of magnitude in its images.
        group: Images of which it is told how much they differ.
    """

    network: NetworkConfig
    db_per_unit: float
    group: int = 4


def judged_planes(images: Tensor, db_per_unit: float) -> Tensor:
    """Turn specgrams into what a critic may judge: the same of real and of generated ones.

    Magnitude has the floor that real notes have; below it the gradient goes through as if it
    had none, or what has sunk too far would never come up again. Phase differences are
    directions, so that they wrap, and fade with what can be heard: below 60 dB under the note's
    peak a real phase is random, and a generator would be asked for randomness of its kind.

    Args:
        images: float32 [batch, 2, time, freq].
        db_per_unit: Decibels of one unit of magnitude.

    Returns:
        float32 [batch, `N_PLANES`, time, freq]: magnitude, and cosine and sine of the phase
        difference, gated.
    """
    magnitude, ifreq = images.float().unbind(1)
    magnitude = magnitude + (magnitude.clamp_min(_FLOOR) - magnitude).detach()
    gate = audibility(magnitude.detach(), db_per_unit)
    angle = math.pi * ifreq
    return torch.stack([magnitude, gate * torch.cos(angle), gate * torch.sin(angle)], 1)


class CriticBlock(nn.Module):
    """Two convolutions at one resolution and a way around them, to half of it."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv0 = EqualisedConv(n_in, n_in)
        self.conv1 = EqualisedConv(n_in, n_out)
        self.around = EqualisedConv(n_in, n_out, (1, 1), slope=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in, time, freq] into [batch, out, time / 2, freq / 2]."""
        # The 3x3 convolution and the averaging of squares after it are one 4x4 of stride 2.
        kernel = averaging_kernel(self.conv1.kernel)
        inner = leaky(self.conv0(x))
        inner = leaky(functional.conv2d(inner, kernel, self.conv1.bias, stride=2, padding=1))
        return (inner + self.around(downscale(x))) * _HALF


class Critic(nn.Module):
    """Judges specgrams of one resolution after another, the higher blocks only when needed.

    Each block also gets the image itself at its resolution, so that a block that is new finds
    the ones below at work.

    Source: Miyato and Koyama, "cGANs with projection discriminator", 2018; Karras et al.,
    "Analyzing and improving the image quality of StyleGAN", 2020; written anew.
    """

    def __init__(self, config: CriticConfig, freqs_hz: Tensor) -> None:
        """Make a critic with random weights.

        Args:
            config: Its shape.
            freqs_hz: [freq], the bands' centres.
        """
        super().__init__()
        self.config = config
        network = config.network
        channels = network.channels
        seen = [(number, n) for number, n in enumerate(channels, 1) if number >= network.first_head]
        self.from_image = nn.ModuleDict(
            {str(number): EqualisedConv(N_PLANES, n, (1, 1)) for number, n in seen}
        )
        self.from_maps = nn.ModuleDict(
            {str(number): EqualisedConv(N_MAPS, n, (1, 1), slope=1.0) for number, n in seen}
        )
        self.blocks = nn.ModuleList(
            CriticBlock(high, low) for low, high in itertools.pairwise(channels)
        )
        width = channels[0]
        self.conv = EqualisedConv(width + 1, width)
        self.dense = EqualisedLinear(width * math.prod(network.start), width)
        self.score = EqualisedLinear(width, 1)
        self.of_pitch = EqualisedLinear(width, network.n_pitches)
        self.pitch = EqualisedLinear(width, network.n_pitches)
        pitches = torch.arange(network.n_pitches) + network.lowest_pitch
        self.register_buffer("maps", harmonic_maps(freqs_hz, pitches), persistent=False)
        self.maps: Tensor

    def forward(self, planes: Tensor, pitch: Tensor, stage: int) -> tuple[Tensor, Tensor]:
        """Judge images, all real or all generated.

        Args:
            planes: float32 [batch, `N_PLANES`, time, freq], at the stage's resolution.
            pitch: int64 [batch], the MIDI numbers that they are to have.
            stage: The block, counted from 1, at whose resolution they are.

        Returns:
            float32 [batch], scores: above 0 real; and [batch, pitch], logits of the pitches.
        """
        index = pitch - self.config.network.lowest_pitch
        x = self._seen(planes, index, stage)
        for number in range(stage, 1, -1):
            x = self.blocks[number - 2](x)
            if str(number - 1) in self.from_image:
                planes = downscale(planes)
                x = (x + self._seen(planes, index, number - 1)) * _HALF
        with torch.autocast(x.device.type, enabled=False):
            x = append_group_deviation(x.float(), self.config.group)
            features = leaky(self.dense(leaky(self.conv(x)).flatten(1)))
            asked = self.of_pitch(features).gather(1, index[:, None])[:, 0]
            return self.score(features)[:, 0] + asked, self.pitch(features)

    def _seen(self, planes: Tensor, index: Tensor, number: int) -> Tensor:
        """Bring images and the maps of their pitches to a block's channels."""
        maps = self.maps[index]
        n_freqs = planes.shape[-1]
        maps = functional.avg_pool1d(maps, maps.shape[-1] // n_freqs)[:, :, None]
        image = planes.contiguous(memory_format=torch.channels_last)
        from_maps = self.from_maps[str(number)](maps)
        return leaky(self.from_image[str(number)](image) + from_maps)


def averaging_kernel(kernel: Tensor) -> Tensor:
    """Turn a 3x3 kernel into the 4x4 one of stride 2 that also averages squares of two.

    Args:
        kernel: [out, in, 3, 3], for `conv2d` before `avg_pool2d`.

    Returns:
        [out, in, 4, 4], for `conv2d` with stride 2 and padding 1.
    """
    padded = functional.pad(kernel, (1, 1, 1, 1))
    shifted = padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1]
    return (shifted + padded[..., :-1, :-1]) / 4


def append_group_deviation(x: Tensor, group: int) -> Tensor:
    """Add a channel that says how much the images of a group differ: one number for each group.

    Groups are of neighbours, so those of two workers are those of one with both batches; a
    batch that is no multiple of `group` is one group. The mean gets no gradient, which changes
    second derivatives alone; see `model.layers.append_deviation`.

    Args:
        x: float32 [batch, channel, time, freq].
        group: Images of one.

    Returns:
        float32 [batch, channel + 1, time, freq].
    """
    size = group if len(x) % group == 0 else len(x)
    groups = x.view(-1, size, *x.shape[1:])
    variance = (groups - groups.mean(1, keepdim=True).detach()).square().mean(1)
    deviation = (variance + _VARIANCE_FLOOR).sqrt().mean((1, 2, 3))
    column = deviation.repeat_interleave(size)[:, None, None, None]
    return torch.cat([x, column.expand_as(x[:, :1])], 1)
