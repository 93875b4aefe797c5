"""The generator: latent and pitch to specgram."""

import itertools
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .growth import head_weights
from .layers import LEAKY_SLOPE, EqualisedConv, leaky_pixel_norm, pixel_norm, upscale
from .warped import nearest_harmonic_hz, pitch_to_hz

N_MAPS = 10
N_NOISES = 2
"""Noise images of a block: one for each convolution."""

_FIRST_MAPPED_BLOCK = 3
_FIRST_NOISY_BLOCK = 4
_REACH_HZ = 31.25


def harmonic_maps(freqs_hz: Tensor, pitch: Tensor) -> Tensor:
    """Say where each band of the specgram stands to the harmonics of a pitch.

    Args:
        freqs_hz: [freq], the bands' centres, rising.
        pitch: [batch], MIDI numbers, fractional ones too.

    Returns:
        float32 [batch, map, freq]: cosine and sine of f/f0 and of 2 f/f0 in turns, the lobe
        that a steady harmonic leaves on the bands, the distance to the nearest harmonic in
        bands and in Hz, whether the band can hear that harmonic, and log f/f0 and f.
    """
    freqs = freqs_hz.double()
    f0 = pitch_to_hz(pitch).to(freqs.device)
    turns = 2 * math.pi * freqs / f0[:, None]
    distance = freqs - nearest_harmonic_hz(freqs, f0)
    spacing = torch.diff(freqs, prepend=torch.zeros_like(freqs[:1])).clamp_min(1e-6)
    hears = distance.abs() <= _REACH_HZ / 2
    lobe = torch.where(hears, torch.cos(math.pi * distance / _REACH_HZ) ** 2, 0.0)
    return torch.stack(
        [
            torch.cos(turns),
            torch.sin(turns),
            torch.cos(2 * turns),
            torch.sin(2 * turns),
            lobe,
            (distance / spacing / 4).clamp(-1, 1),
            (distance / _REACH_HZ).clamp(-1, 1),
            hears.double(),
            torch.log2(freqs / f0[:, None]) / 3 - 1,
            (freqs / 8000 - 1).expand_as(distance),
        ],
        1,
    ).float()


class Block(nn.Module):
    """Two convolutions at one resolution; all blocks but the first upscale before."""

    def __init__(
        self, n_in: int, n_out: int, config: NetworkConfig, *, mapped: bool, noisy: bool = False
    ) -> None:
        super().__init__()
        kernel = (config.kernel_size, config.kernel_size)
        self.upscaling = config.upscaling
        self.conv0 = EqualisedConv(n_in, n_out, kernel)
        self.conv1 = EqualisedConv(n_out, n_out, kernel)
        self.maps = EqualisedConv(N_MAPS, n_out, (1, 1)) if mapped else None
        # How strong the noise is, for each convolution and channel: nothing, until it is learnt.
        self.noise = nn.Parameter(torch.zeros(N_NOISES, n_out, 1, 1)) if noisy else None

    def forward(self, x: Tensor, maps: Tensor | None, noise: Tensor | None = None) -> Tensor:
        """Turn [batch, in, time, freq] into [batch, out, 2 time, 2 freq].

        Args:
            x: The lower block's output.
            maps: [batch, map, 1, 2 freq] where the block takes maps.
            noise: [batch, `N_NOISES`, 2 time, 2 freq] where the block takes noise.
        """
        x = self.conv0.upscaled(x, self.upscaling)
        if self.maps is not None and maps is not None:
            x = x + self.maps(maps)
        if self.noise is None or noise is None:
            return leaky_pixel_norm(self.conv1(leaky_pixel_norm(x)))
        x = self.conv1(leaky_pixel_norm(x + self.noise[0] * noise[:, :1]))
        return leaky_pixel_norm(x + self.noise[1] * noise[:, 1:])


class FirstBlock(nn.Module):
    """The latent becomes the smallest image: a convolution over one pixel, then another."""

    def __init__(self, n_in: int, n_out: int, config: NetworkConfig) -> None:
        super().__init__()
        self.conv0 = EqualisedConv(n_in, n_out, config.start)
        self.conv1 = EqualisedConv(n_out, n_out, (config.kernel_size, config.kernel_size))

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in] into [batch, out, time, freq].

        A VALID convolution over a pixel in a frame of zeros meets one tap of the kernel at
        each place, the last tap first: it is a matrix product with the kernel turned round.
        """
        kernel = self.conv0.kernel.flip(2, 3)
        x = torch.einsum("bi,oitf->botf", x, kernel) + self.conv0.bias[:, None, None]
        return leaky_pixel_norm(self.conv1(leaky_pixel_norm(x)))


class LevelHead(nn.Module):
    """How loud a note is: a small network beside the generator, in dB over the loudest."""

    def __init__(self, n_in: int, n_hidden: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_in, n_hidden), nn.LeakyReLU(LEAKY_SLOPE), nn.Linear(n_hidden, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn the generator's input [batch, in] into [batch], in tens of dB."""
        return self.layers(x)[:, 0]


class Generator(nn.Module):
    """GANSynth's generator at any width, with departures that a configuration may choose.

    With `harmonic_maps` each block adds a projection of the harmonics' places to its first
    convolution, so the network need not learn 61 combs by heart. With the output "skip" the
    blocks' linear outputs are summed (Karras et al., "Analyzing and improving the image
    quality of StyleGAN", 2020) instead of blended, so that growing needs no blend factor. With
    `noise` it need not make up breath and haze from a latent.

    Source: Engel et al., "GANSynth", ICLR 2019; `magenta/models/gansynth/lib/networks.py`.
    """

    def __init__(self, config: NetworkConfig, freqs_hz: Tensor | None = None) -> None:
        """Make a generator with random weights.

        Args:
            config: Its shape.
            freqs_hz: [freq], the bands' centres; needed with `harmonic_maps`.
        """
        super().__init__()
        self.config = config
        channels = config.channels
        n_in = config.latent_size + config.n_pitches
        self.first = FirstBlock(n_in, channels[0], config)
        mapped = config.harmonic_maps
        self.blocks = nn.ModuleList(
            Block(
                low,
                high,
                config,
                mapped=mapped and number >= _FIRST_MAPPED_BLOCK,
                noisy=config.noise and number >= _FIRST_NOISY_BLOCK,
            )
            for number, (low, high) in enumerate(itertools.pairwise(channels), 2)
        )
        self.to_rgb = nn.ModuleDict(
            {
                str(number): EqualisedConv(n, 2, (1, 1), slope=1.0)
                for number, n in enumerate(channels, 1)
                if number >= config.first_head
            }
        )
        if config.output == "skip":
            # Heads begin at zero: a new one changes nothing, and phase differences begin at 0
            # rather than at some other multiple of a full turn.
            for head in self.to_rgb.values():
                assert isinstance(head, EqualisedConv)
                nn.init.zeros_(head.weight)
        self.level = LevelHead(n_in) if config.level else None
        maps = torch.zeros(0)
        if mapped:
            if freqs_hz is None:
                raise ValueError("harmonic maps need the bands' frequencies")
            pitches = torch.arange(config.n_pitches) + config.lowest_pitch
            maps = harmonic_maps(freqs_hz, pitches)
        self.register_buffer("maps", maps, persistent=False)
        self.maps: Tensor
        for number in self.noisy_blocks(len(channels)):
            own = still_noise(number, config.stage_size(number))
            self.register_buffer(f"noise_{number}", own, persistent=False)

    def freeze(self) -> None:
        """Work out all scaled kernels once; training after this changes nothing."""
        for module in self.modules():
            if isinstance(module, EqualisedConv):
                module.freeze()

    def inputs(self, z: Tensor, pitch: Tensor) -> Tensor:
        """Join latents and one-hot pitches and normalise them together: [batch, in].

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers within the model's range.
        """
        label = functional.one_hot(pitch - self.config.lowest_pitch, self.config.n_pitches)
        return pixel_norm(torch.cat([z, label.to(z) * self.config.pitch_gain], 1))

    def forward(
        self,
        z: Tensor,
        pitch: Tensor,
        stage: int | None = None,
        n_times: int | None = None,
        progress: float | None = None,
        noise: Mapping[int, Tensor] | None = None,
    ) -> Tensor:
        """Make specgrams.

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers within the model's range.
            stage: The block whose resolution to give, counted from 1; the output's without it.
            n_times: Give only the first columns; exact, and faster than the whole.
            progress: Which heads count in this call, for a network that is still growing; see
                `NetworkConfig`, whose own it replaces.
            noise: By block, as `draw_noise` gives it; each pitch's own without it.

        Returns:
            float32 [batch, 2, time, freq] at the stage's resolution, normalised.

        Raises:
            ValueError: If there is no head for this progress.
        """
        stage = stage or self.config.last_resolution
        weights = head_weights(self.config, stage, progress)
        n_blocks = max(weights)
        factor = tuple(along ** (stage - n_blocks) for along in self.config.upscaling)
        sizes = [self.config.stage_size(number)[0] for number in range(1, n_blocks + 1)]
        n_wanted = sizes[-1] if n_times is None else -(-n_times // factor[0])
        rows = rows_needed(n_wanted, sizes, self.config.upscaling[0], self.config.kernel_size)
        x = self.first(self.inputs(z, pitch)).contiguous(memory_format=torch.channels_last)
        total = self._head(None, 1, x, weights)
        index = pitch - self.config.lowest_pitch
        for number in range(2, n_blocks + 1):
            x = x[:, :, : rows[number - 2]]
            total = None if total is None else total[:, :, : rows[number - 2]]
            maps = self._maps_at(index, number) if number >= _FIRST_MAPPED_BLOCK else None
            x = self.blocks[number - 2](x, maps, self._noise_at(index, number, noise, x.shape[2]))
            total = self._head(total, number, x, weights)
        assert total is not None, "the last block that runs has a head"
        if stage > n_blocks:
            total = upscale(total, (factor[0], factor[1]))
        return total if n_times is None else total[:, :, :n_times]

    def _head(
        self, total: Tensor | None, number: int, x: Tensor, weights: dict[int, float]
    ) -> Tensor | None:
        """Add a block's output to the sum of the lower ones'."""
        total = None if total is None else upscale(total, self.config.upscaling)
        if number not in weights:
            return total
        out = self.to_rgb[str(number)](x)
        if self.config.output == "tanh":
            out = torch.tanh(out)
        if weights[number] != 1:
            out = weights[number] * out
        return out if total is None else total + out

    def _maps_at(self, index: Tensor, number: int) -> Tensor | None:
        """Give the maps of pitches at a block's resolution: [batch, map, 1, freq]."""
        if not self.config.harmonic_maps:
            return None
        return self._pooled(self.maps[index], number)[:, :, None]

    def noisy_blocks(self, stage: int) -> range:
        """Give the blocks up to a stage that take noise."""
        return range(_FIRST_NOISY_BLOCK, stage + 1) if self.config.noise else range(0)

    def draw_noise(self, n: int, stage: int, random: torch.Generator) -> dict[int, Tensor]:
        """Draw noise for notes: by block, float32 [n, `N_NOISES`, time, freq].

        Args:
            n: Notes.
            stage: The block whose resolution they are made at.
            random: On the device where the noise is wanted.
        """
        return {
            number: torch.randn(
                n,
                N_NOISES,
                *self.config.stage_size(number),
                generator=random,
                device=random.device,
            )
            for number in self.noisy_blocks(stage)
        }

    def _noise_at(
        self, index: Tensor, number: int, drawn: Mapping[int, Tensor] | None, n_rows: int
    ) -> Tensor | None:
        """Give a block's noise, as many times as its input's rows make."""
        if not self.config.noise or number < _FIRST_NOISY_BLOCK:
            return None
        if drawn is not None:
            return drawn[number]
        own = torch.stack([self.own_noise(int(i), number) for i in index])
        return own[:, :, : n_rows * self.config.upscaling[0]]

    def own_noise(self, pitch_class: int, number: int) -> Tensor:
        """Give a noisy block's noise for a pitch, counted from 0: [`N_NOISES`, time, freq].

        One image serves all pitches, turned round so that no two of a chord hiss alike.
        """
        still = self.get_buffer(f"noise_{number}")
        n_times, n_freqs = still.shape[1:]
        return still.roll((29 * pitch_class % n_times, 331 * pitch_class % n_freqs), (1, 2))

    def pooled_maps(self, number: int) -> Tensor | None:
        """Give the maps of all pitches at a block's resolution: [pitch, map, freq], or None."""
        if not self.config.harmonic_maps or number < _FIRST_MAPPED_BLOCK:
            return None
        return self._pooled(self.maps, number)

    def _pooled(self, maps: Tensor, number: int) -> Tensor:
        n_freqs = self.config.stage_size(number)[1]
        return functional.avg_pool1d(maps, maps.shape[-1] // n_freqs)


def still_noise(number: int, size: tuple[int, int]) -> Tensor:
    """Make the noise that a block gets in playing: float32 [`N_NOISES`, time, freq]."""
    return torch.randn(N_NOISES, *size, generator=torch.Generator().manual_seed(number))


def rows_needed(
    n_times: int, n_rows: Sequence[int], upscaling: int = 2, kernel_size: int = 3
) -> list[int]:
    """Say how much of each block's output the first columns of the last one depend on.

    Its second convolution looks half a kernel ahead, the first another half in the upscaled input.

    Args:
        n_times: Columns wanted of the last block.
        n_rows: Columns that each block makes, the lowest first.
        upscaling: Columns of a block for one of the block below.
        kernel_size: Of the convolutions.
    """
    ahead = 2 * (kernel_size // 2)
    needed = [min(n_times, n_rows[-1])]
    for rows in reversed(n_rows[:-1]):
        needed.append(min(-(-(needed[-1] + ahead) // upscaling), rows))
    return needed[::-1]


def rows_around(first: int, n_times: int, n_rows: Sequence[int]) -> list[tuple[int, int]]:
    """Say which of each block's rows some columns of the last one depend on.

    As `rows_needed`, for columns from anywhere, upscaling by 2 and kernels of 3.

    Args:
        first: Column that is wanted first.
        n_times: Columns wanted.
        n_rows: Columns that each block makes, the lowest first.

    Returns:
        The first row and the one after the last of each block; the first ones are even, so that
        they begin with a row of the block below.
    """
    start, stop = max(first // 2 * 2, 0), min(first + n_times, n_rows[-1])
    around = [(start, stop)]
    for rows in reversed(n_rows[:-1]):
        start = max((start - 2) // 2, 0) // 2 * 2
        stop = min(-(-(stop + 2) // 2), rows)
        around.append((start, stop))
    return around[::-1]
