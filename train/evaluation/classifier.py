"""The classifier: a note's image to its pitch, its family, and what is alike about notes."""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from train.datasets.notes import FAMILIES

from .mel_image import Image, image_size

LOWEST_PITCH = 24
N_PITCHES = 61
_BATCH = 64
_METADATA = "timbrepad-classifier"


class ClassifierError(Exception):
    """A classifier can't be read, written or used; says what to do."""


class ClassifierRecipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a classifier is made; equal recipes and data make scores that can be compared.

    Attributes:
        version: Of the code that trains; another version is another classifier.
        sample_rate: Hz at which notes are looked at.
        channels: Of the convolutions, each with a stride of 2.
        n_features: Numbers in what the heads see.
        examples: Notes shown in training, with repetitions.
        batch: Notes a step.
        learning_rate: At its highest.
        maximum_notes: Of larger data sets a part is learned, spread over families and pitches.
        seed: Of weights, order and augmentation.
    """

    version: Literal[1] = 1
    sample_rate: int = 32000
    channels: tuple[int, ...] = (16, 32, 64, 96, 128, 192)
    n_features: int = 256
    examples: int = 30_000
    batch: int = 64
    learning_rate: float = 0.003
    maximum_notes: int = 20_000
    seed: int = 0


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """How often a classifier is right on notes that it never saw.

    Attributes:
        n_notes: How many notes there were.
        pitch: Share whose pitch it names.
        family: Share whose family it names.
    """

    n_notes: int
    pitch: float
    family: float


class ClassifierConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a classifier's file says of it.

    Attributes:
        recipe: How it was made.
        data: The identity of the notes that it was made from.
        n_notes: How many of them it learned.
        new_notes: Its accuracy on other notes of instruments that it learned; None without any.
        new_instruments: Its accuracy on instruments that it never saw; None likewise.
    """

    recipe: ClassifierRecipe
    data: str
    n_notes: int
    new_notes: Accuracy | None = None
    new_instruments: Accuracy | None = None


class ClassifierNetwork(nn.Module):
    """Convolutions of stride 2, one hidden layer, and two heads."""

    def __init__(self, recipe: ClassifierRecipe) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in, height, width = 1, *image_size()
        for n_out in recipe.channels:
            layers += [nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(n_out), nn.ReLU()]
            n_in, height, width = n_out, (height + 1) // 2, (width + 1) // 2
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        # Of unit variance over the notes learned: distances have a size that says something.
        self.features = nn.Sequential(
            nn.Linear(n_in * height * width, recipe.n_features),
            nn.BatchNorm1d(recipe.n_features, affine=False),
        )
        self.dropout = nn.Dropout(0.2)
        self.pitch = nn.Linear(recipe.n_features, N_PITCHES)
        self.family = nn.Linear(recipe.n_features, len(FAMILIES))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Turn images, float32 [batch, mel, time], 0..1, into features and both heads' logits.

        Returns:
            float32 [batch, feature], [batch, pitch], [batch, family].
        """
        features = self.features(self.convolutions(2 * images[:, None] - 1))
        seen = self.dropout(torch.relu(features))
        return features, self.pitch(seen), self.family(seen)


@dataclass(frozen=True)
class Judgement:
    """What a classifier makes of notes.

    Attributes:
        features: float32 [note, feature].
        pitch: float32 [note, pitch], probabilities from MIDI 24 on.
        family: float32 [note, family], probabilities in the order of `FAMILIES`.
    """

    features: NDArray[np.float32]
    pitch: NDArray[np.float32]
    family: NDArray[np.float32]

    def pitch_is(self, pitch: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each note whether the pitch named is this: bool [note]."""
        return self.pitch.argmax(axis=1) + LOWEST_PITCH == pitch

    def family_is(self, family: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each note whether the family named is this: bool [note]."""
        return self.family.argmax(axis=1) == family


class NoteClassifier:
    """A trained classifier.

    Attributes:
        config: What it is.
        network: Its weights.
    """

    def __init__(self, config: ClassifierConfig, network: ClassifierNetwork) -> None:
        self.config = config
        self.network = network.eval().requires_grad_(False)

    @property
    def hash(self) -> str:
        """Its identity: 64 hexadecimal digits over its config and its weights."""
        return sha256(self._encode()).hexdigest()

    @property
    def sample_rate(self) -> int:
        """Hz at which it looks at notes."""
        return self.config.recipe.sample_rate

    @torch.inference_mode()
    def judge(self, images: Image) -> Judgement:
        """Look at notes: uint8 [note, mel, time]."""
        rows = []
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(images[start : start + _BATCH]).float() / 255
            features, pitch, family = self.network(batch)
            rows.append((features, pitch.softmax(1), family.softmax(1)))
        if not rows:
            sizes = (self.config.recipe.n_features, N_PITCHES, len(FAMILIES))
            return Judgement(*(np.zeros((0, size), np.float32) for size in sizes))
        return Judgement(*(torch.cat(parts).numpy() for parts in zip(*rows, strict=True)))

    def save(self, path: Path) -> None:
        """Write it as safetensors, whole or not at all.

        Raises:
            ClassifierError: If it can't be written.
        """
        partial = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(self._encode())
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise ClassifierError(
                f"Could not write {path}: {error.strerror}. Free space, or choose another file."
            ) from error

    @classmethod
    def load(cls, path: Path) -> "NoteClassifier":
        """Read a classifier.

        Raises:
            ClassifierError: If the file is none, or is damaged.
        """
        try:
            with safe_open(path, framework="pt") as file:
                text = (file.metadata() or {}).get(_METADATA)
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except OSError as error:
            raise ClassifierError(f"Could not read {path}: {error}.") from error
        except SafetensorError as error:
            raise ClassifierError(f"{path} is no classifier, or is damaged: {error}.") from error
        if text is None:
            raise ClassifierError(f"{path} is no classifier. Choose a file that evaluate wrote.")
        try:
            config = msgspec.json.decode(text, type=ClassifierConfig)
            network = ClassifierNetwork(config.recipe)
            network.load_state_dict(tensors)
        except (ValueError, RuntimeError) as error:
            line = str(error).splitlines()[-1].strip()
            raise ClassifierError(
                f"{path} is damaged, or a classifier of another version: {line}. Delete it, and "
                "the next evaluation makes it again."
            ) from error
        return cls(config, network)

    def _encode(self) -> bytes:
        text = msgspec.json.encode(self.config, order="sorted").decode()
        return save(self.network.state_dict(), {_METADATA: text})
