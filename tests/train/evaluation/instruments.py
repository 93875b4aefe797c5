"""A small world for evaluations: instruments that anybody can play, and models that play them."""

from collections.abc import Callable

import numpy as np
import torch

from model.config import TimbreConfig
from train.evaluation.classifier import ClassifierRecipe

RATE = 16000
# Whether a note is held out depends on its instrument's number: of these many are.
NUMBERS = (7, 77, 4, 5, 17, 0, 2)
N_SAMPLES = 20000
SECONDS = np.arange(N_SAMPLES) / RATE
# Partials, decay in nepers a second, vibrato in cents.
TIMBRES = {
    "Pure": (2, 0.2, 0),
    "Bright": (25, 0.2, 0),
    "Plucked": (8, 6.0, 0),
    "Struck": (3, 9.0, 0),
    "Bowed": (15, 0.1, 25),
    "Blown": (5, 0.1, 12),
    "Harpsichord": (40, 3.0, 0),
}
NAMES = list(TIMBRES)
FAMILIES = ("organ", "organ", "guitar", "mallet", "string", "flute", "keyboard")
TINY = ClassifierRecipe(
    channels=(8, 8, 16, 16, 24, 24), n_features=32, examples=2000, batch=32, learning_rate=0.01
)
KEYBOARD = tuple(sorted({*range(28, 85, 7), *range(60, 80)}))
"""Nine fifths, and neighbours above the middle."""

Player = Callable[[int, int], np.ndarray]


def play(timbre: int, pitch: float) -> np.ndarray:
    """A real note of the world: float32 [sample]."""
    partials, decay, vibrato = TIMBRES[NAMES[timbre]]
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    bend = 2 ** (vibrato / 1200 * np.sin(2 * np.pi * 5.5 * SECONDS))
    phase = 2 * np.pi * hertz * np.cumsum(bend) / RATE
    wave = sum(np.sin(n * phase) / n for n in range(1, partials + 1) if hertz * n < 0.45 * RATE)
    rng = np.random.default_rng([timbre, int(pitch)])
    wave = wave + 0.01 * rng.standard_normal(N_SAMPLES)
    wave = wave * np.exp(-decay * SECONDS)
    wave = wave * np.clip(SECONDS / 0.005, 0, 1) * np.clip((SECONDS[-1] - SECONDS) / 0.05, 0, 1)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


class FakeModel:
    """A model whose latents are one-hot timbres, and which plays what it is told to."""

    name = "fake"
    hash = "0"
    sample_rate = RATE
    n_samples = N_SAMPLES
    pitches = range(24, 85)
    latents = torch.eye(len(NAMES))

    def __init__(self, player: Player = play, names: list[str] = NAMES) -> None:
        self.player = player
        self.timbres = tuple(
            TimbreConfig(name=name, family=family)
            for name, family in zip(names, FAMILIES, strict=True)
        )
        self.played: list[tuple[int, int]] = []

    def draw(self, seed: int) -> np.ndarray:
        return np.eye(len(NAMES), dtype=np.float32)[seed % len(NAMES)]

    def render(self, z: torch.Tensor, pitch: torch.Tensor) -> torch.Tensor:
        notes = [(int(row.argmax()), int(p)) for row, p in zip(z, pitch, strict=True)]
        self.played += notes
        return torch.stack([torch.from_numpy(self.player(*note)) for note in notes])

    def level_db(self, z: torch.Tensor, pitch: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(z))
