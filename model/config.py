"""What a model is made of: frozen settings, checked at birth, to and from JSON."""

import math
from typing import Literal

import msgspec

from .specgram import SpecgramConfig
from .warped import WarpedConfig

MAXIMUM_BLOCKS = 12
MAXIMUM_PIXELS = 1 << 22
MAXIMUM_START = 1 << 16


class NetworkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape of a generator.

    Attributes:
        latent_size: Numbers in a latent vector.
        lowest_pitch: MIDI number of the first pitch class.
        n_pitches: Pitch classes; 61 go from C1 to C6 (MIDI 24 to 84).
        channels: Of each block, lowest resolution first.
        start: Time and freq of the first block.
        upscaling: What each further block multiplies time and freq with; (2, 1) grows in time
            alone.
        kernel_size: Of the convolutions, an odd number.
        first_head: The first block, counted from 1, with an output head of its own.
        output: "tanh": one head, through tanh, as published. "linear": the same without tanh.
            "skip": the heads' linear outputs are upscaled and summed.
        architecture: "progressive", or GANSynth's "simple": one transposed convolution a block,
            no pixel norm, no scaling at run time; with the output "tanh" or "linear".
        progress: Which heads count, with "tanh" and "linear": between the whole numbers k - 1
            and k those of blocks k and k + 1 are blended, as in training that stopped there.
            None: the last block's alone.
        n_resolutions: Of the whole network, where training stopped before all blocks were
            there; the output is that of the last block, with repeated pixels. None: as many
            as blocks.
        harmonic_maps: Whether the network is told where each pitch's harmonics lie.
        pitch_gain: What the one-hot pitch is multiplied with.
        level: Whether a small head says how loud each note is.
        noise: Whether blocks from 16x128 up get noise for each pixel: drawn anew in training, the
            same for each pitch in playing.
    """

    latent_size: int = 256
    lowest_pitch: int = 24
    n_pitches: int = 61
    channels: tuple[int, ...] = (256, 256, 256, 256, 128, 64, 32)
    start: tuple[int, int] = (2, 16)
    upscaling: tuple[int, int] = (2, 2)
    kernel_size: int = 3
    first_head: int = 1
    output: Literal["tanh", "linear", "skip"] = "tanh"
    architecture: Literal["progressive", "simple"] = "progressive"
    progress: float | None = None
    n_resolutions: int | None = None
    harmonic_maps: bool = False
    pitch_gain: float = 1.0
    level: bool = False
    noise: bool = False

    def __post_init__(self) -> None:
        if not self.channels or min(self.channels) < 1 or self.latent_size < 1:
            raise ValueError("channels and latent_size must be positive")
        if len(self.channels) > MAXIMUM_BLOCKS or max(*self.channels, self.latent_size) > 8192:
            raise ValueError("the network is larger than any that fits a machine")
        if not 1 <= self.first_head <= len(self.channels):
            raise ValueError(f"first_head must be 1..{len(self.channels)}, not {self.first_head}")
        if self.lowest_pitch < 0 or not 1 <= self.n_pitches <= 128 - self.lowest_pitch:
            raise ValueError("the pitches must lie within MIDI 0..127")
        self._check_resolutions()
        self._check_progress()
        plain = not (self.harmonic_maps or self.level or self.noise or self.output == "skip")
        if self.architecture == "simple" and not plain:
            raise ValueError("the simple architecture has no skip output, maps, level or noise")

    def _check_resolutions(self) -> None:
        n_blocks = len(self.channels)
        if not n_blocks <= self.last_resolution <= MAXIMUM_BLOCKS:
            raise ValueError(f"n_resolutions must be {n_blocks}..{MAXIMUM_BLOCKS}")
        if self.output == "skip" and self.last_resolution > n_blocks:
            raise ValueError("with the output skip every resolution needs its block")
        if min(self.start) < 1 or not all(1 <= factor <= 4 for factor in self.upscaling):
            raise ValueError("start must be above 0, upscaling 1..4")
        if self.kernel_size not in {1, 3, 5, 7, 9}:
            raise ValueError(f"kernel_size must be 1, 3, 5, 7 or 9, not {self.kernel_size}")
        if math.prod(self.size) > MAXIMUM_PIXELS or math.prod(self.start) > MAXIMUM_START:
            raise ValueError("the images are larger than any that fit a machine")

    def _check_progress(self) -> None:
        if self.progress is None:
            return
        last = len(self.channels) - 1
        if self.output == "skip":
            raise ValueError("progress is for the outputs tanh and linear")
        if not 0 <= self.progress <= last:
            raise ValueError(f"progress must be 0..{last}, not {self.progress:g}")
        if self.progress < self.first_head - 1:
            raise ValueError(f"at progress {self.progress:g} a head below first_head counts")

    @property
    def last_resolution(self) -> int:
        """The number of the output's resolution; the last block's, where all are there."""
        return len(self.channels) if self.n_resolutions is None else self.n_resolutions

    @property
    def size(self) -> tuple[int, int]:
        """Time and freq of the output."""
        return self.stage_size(self.last_resolution)

    def stage_size(self, block: int) -> tuple[int, int]:
        """Time and freq of a block, counted from 1."""
        (times, freqs), (along_time, along_freq) = self.start, self.upscaling
        return times * along_time ** (block - 1), freqs * along_freq ** (block - 1)


class NormalizerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the network sees of a GANSynth specgram x: `scale · x + offset`, cut at ±1.

    Attributes:
        kind: "channel": two pairs of numbers, those below; the defaults are the published
            ones. "freq": a pair for each channel and frequency, in the tensors
            `normalizer.scale` and `normalizer.offset`, float32 [2, freq]. "none": x itself.
        scale: Of the log magnitude and of the phase, with "channel".
        offset: Likewise.
    """

    kind: Literal["channel", "freq", "none"] = "channel"
    scale: tuple[float, float] = (0.0661371661726, 0.8)
    offset: tuple[float, float] = (0.113718730221, 0.0)

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (*self.scale, *self.offset)) or min(self.scale) <= 0:
            raise ValueError("the normaliser's numbers must be finite, its scales above 0")


class TimbreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A named timbre: its latent is the row of the same number in the tensor `timbres`.

    Attributes:
        name: As shown.
        family: NSynth's family.
        brightness: 0 (dark) to 1 (bright) among the model's timbres.
        attack: 0 (at once) to 1 (slow).
        decay: 0 (falls silent fast) to 1 (sustains).
        noisiness: 0 (pure) to 1 (breathy).
    """

    name: str
    family: str
    brightness: float = 0.5
    attack: float = 0.0
    decay: float = 0.5
    noisiness: float = 0.0


class AxisConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A measured axis of the latent space: its direction is the row of that number in `axes`.

    Attributes:
        name: What changes along it: "brightness".
        low: What notes are at its lower end: "dark".
        high: At its upper end: "bright".
        correlation: Of the place along the axis with the measure, over latents that the axis was
            not fitted to.
        agreement: Share of latents whose notes' measure rises when they are moved up the axis.
        sigma: Standard deviation of drawn latents' places along the axis, as a share of a
            latent's length; 0 where it was not measured.
    """

    name: str
    low: str
    high: str
    correlation: float
    agreement: float
    sigma: float = 0.0


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a model folder says of itself in `config.json`.

    Attributes:
        format: Always "timbrepad-model".
        version: Of this layout.
        name: As shown and asked for.
        info: What it is, what it was trained on, its licence; for people.
        sample_rate: Of its notes, in Hz.
        n_samples: Of each note.
        representation: "warped" or "gansynth": which transform makes notes of specgrams.
        network: The generator's shape.
        prior: How latents are drawn: "gaussian" from N(0, 1), "timbres" between the named ones.
        timbres: The named timbres, in the order of their latents.
        axes: Measured directions of the latent space, in the order of the tensor `axes`.
        warped: The warped transform's settings, with "warped".
        gansynth: GANSynth's own transform's settings, with "gansynth".
        data_type: What the network's images are, with "gansynth": "mel" log power and IF,
            "linear" log magnitude and IF, or "phase" log magnitude and phase over pi.
        normalizer: What the network sees of them, with "gansynth".
        figures: Measured figures by name, for people and for `models info`.
        latent_space: Identity of the space that latents lie in: those of one model sound alike
            in another with the same. "": that of no other model, so the model's own hash.
    """

    format: Literal["timbrepad-model"] = "timbrepad-model"
    version: Literal[1] = 1
    name: str
    info: str = ""
    sample_rate: int
    n_samples: int
    representation: Literal["warped", "gansynth"]
    network: NetworkConfig
    prior: Literal["gaussian", "timbres"] = "gaussian"
    timbres: tuple[TimbreConfig, ...] = ()
    axes: tuple[AxisConfig, ...] = ()
    warped: WarpedConfig | None = None
    gansynth: SpecgramConfig | None = None
    data_type: Literal["mel", "linear", "phase"] = "mel"
    normalizer: NormalizerConfig = NormalizerConfig()
    figures: dict[str, float] = {}
    latent_space: str = ""

    def __post_init__(self) -> None:
        transform = self.warped if self.representation == "warped" else self.gansynth
        if transform is None:
            raise ValueError(f"the settings of the {self.representation} transform are missing")
        if (transform.n_times, transform.n_freqs) != self.network.size:
            raise ValueError("the network's size is not the transform's")
        if (transform.sample_rate, transform.n_samples) != (self.sample_rate, self.n_samples):
            raise ValueError("sample_rate and n_samples are not the transform's")
        if self.prior == "timbres" and not self.timbres:
            raise ValueError('the prior "timbres" needs timbres')


def encode_config(config: ModelConfig) -> bytes:
    """Write a configuration as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n"


def decode_config(text: bytes) -> ModelConfig:
    """Read a configuration, strictly.

    Raises:
        ValueError: With one line that says what is wrong (`msgspec` errors are ValueErrors).
    """
    return msgspec.json.decode(text, type=ModelConfig)
