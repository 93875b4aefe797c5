"""What a model is made of: frozen settings, checked at birth, to and from JSON."""

from typing import Literal

import msgspec

from .specgram import SpecgramConfig
from .warped import WarpedConfig


class NetworkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape of a generator.

    Attributes:
        latent_size: Numbers in a latent vector.
        lowest_pitch: MIDI number of the first pitch class.
        n_pitches: Pitch classes; 61 go from C1 to C6 (MIDI 24 to 84).
        channels: Of each block, lowest resolution first; each block doubles time and freq.
        start: Time and freq of the first block.
        first_head: The first block, counted from 1, with an output head of its own.
        output: "tanh": one head, through tanh, as published. "skip": the heads' linear outputs
            are upscaled and summed.
        harmonic_maps: Whether the network is told where each pitch's harmonics lie.
        pitch_gain: What the one-hot pitch is multiplied with.
        level: Whether a small head says how loud each note is.
    """

    latent_size: int = 256
    lowest_pitch: int = 24
    n_pitches: int = 61
    channels: tuple[int, ...] = (256, 256, 256, 256, 128, 64, 32)
    start: tuple[int, int] = (2, 16)
    first_head: int = 1
    output: Literal["tanh", "skip"] = "tanh"
    harmonic_maps: bool = False
    pitch_gain: float = 1.0
    level: bool = False

    def __post_init__(self) -> None:
        if not self.channels or min(self.channels) < 1 or self.latent_size < 1:
            raise ValueError("channels and latent_size must be positive")
        if len(self.channels) > 12 or max(*self.channels, self.latent_size) > 8192:
            raise ValueError("the network is larger than any that fits a machine")
        if not 1 <= self.first_head <= len(self.channels):
            raise ValueError(f"first_head must be 1..{len(self.channels)}, not {self.first_head}")
        if self.lowest_pitch < 0 or not 1 <= self.n_pitches <= 128 - self.lowest_pitch:
            raise ValueError("the pitches must lie within MIDI 0..127")

    @property
    def size(self) -> tuple[int, int]:
        """Time and freq of the output."""
        factor = 2 ** (len(self.channels) - 1)
        return self.start[0] * factor, self.start[1] * factor

    def stage_size(self, block: int) -> tuple[int, int]:
        """Time and freq of a block, counted from 1."""
        return self.start[0] * 2 ** (block - 1), self.start[1] * 2 ** (block - 1)


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
        warped: The warped transform's settings, with "warped".
        gansynth: GANSynth's own transform's settings, with "gansynth".
        figures: Measured figures by name, for people and for `models info`.
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
    warped: WarpedConfig | None = None
    gansynth: SpecgramConfig | None = None
    figures: dict[str, float] = {}

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
