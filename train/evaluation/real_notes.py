"""The real notes of a data set, as the model that is evaluated would make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import soxr
from torch import Tensor

from train.datasets.dataset import is_held_out, number_timbres
from train.datasets.notes import DatasetError, Example, Wave, load_examples, read_wave

from .note_maker import NoteMaker

Item = TypeVar("Item")

PITCHES = range(28, 85)
"""What is asked of a model: E1, the bass's lowest string, to C6."""


@dataclass(frozen=True)
class RealNotes:
    """The data's notes.

    Attributes:
        everything: All notes, of any pitch.
        held_out: Those of the pitches asked for that no training hears.
        learned: The others of those pitches.
        latents: A known timbre's latent by the timbre's number in the data.
        timbre_names: By the same number.
        timbre: That number, by the note's name.
        by_key: The example of a timbre and pitch.
        sample_rate: The model's, in Hz.
        n_samples: The model's.
    """

    everything: list[Example]
    held_out: list[Example]
    learned: list[Example]
    latents: dict[int, Tensor]
    timbre_names: list[str]
    timbre: dict[str, int]
    by_key: dict[tuple[int, int], Example]
    sample_rate: int
    n_samples: int

    @classmethod
    def read(cls, folder: Path, model: NoteMaker) -> Self:
        """Read a data set.

        Raises:
            DatasetError: If it is none, or has no notes of the pitches asked for.
        """
        everything = load_examples(folder)
        # Timbres are numbered as for training, so that equal names get the same suffix.
        trained = [e for e in everything if e.pitch in model.pitches]
        timbres, numbers = number_timbres(trained)
        own = {timbre.name: z for timbre, z in zip(model.timbres, model.latents, strict=True)}
        pairs = [(e, n) for e, n in zip(trained, numbers, strict=True) if e.pitch in PITCHES]
        held_out = [e for e, _ in pairs if is_held_out(e)]
        learned = [e for e, _ in pairs if not is_held_out(e)]
        if not held_out or not learned:
            raise DatasetError(
                f"{folder} has too few notes of pitches {PITCHES[0]}..{PITCHES[-1]}: "
                f"{len(learned)} to learn and {len(held_out)} held out. Add notes: about one in "
                "eight is held out."
            )
        return cls(
            everything=everything,
            held_out=held_out,
            learned=learned,
            latents={i: own[t.name] for i, t in enumerate(timbres) if t.name in own},
            timbre_names=[timbre.name for timbre in timbres],
            timbre={example.note_str: number for example, number in pairs},
            by_key={(number, example.pitch): example for example, number in pairs},
            sample_rate=model.sample_rate,
            n_samples=model.n_samples,
        )

    @property
    def seconds(self) -> float:
        """How long the model's notes are."""
        return self.n_samples / self.sample_rate

    def choose_held_out(self, n: int, rng: np.random.Generator) -> list[Example]:
        """Choose held-out notes at random; none comes again before all have come."""
        return sample(self.held_out, n, rng)

    def choose_known(self, n: int, rng: np.random.Generator) -> list[Example]:
        """Choose held-out notes of the model's timbres, with neighbour and others if there are."""
        known = [example for example in self.held_out if self.number(example) in self.latents]
        candidates = [e for e in known if self.neighbour(e) and self.others(e)] or known
        return sample(candidates, min(n, len(candidates)), rng)

    def choose_pairs(self, n: int, rng: np.random.Generator) -> list[tuple[Example, Example]]:
        """Choose pairs of notes of one pitch and two timbres, as many as there are up to n."""
        pairs = []
        for example in sample(self.held_out, n, rng):
            others = self.others(example)
            if others:
                pairs.append((example, others[int(rng.integers(len(others)))]))
        return pairs

    def number(self, example: Example) -> int:
        """Give the number of a note's timbre."""
        return self.timbre[example.note_str]

    def neighbour(self, example: Example) -> Example | None:
        """Give the same timbre's note a semitone above, or else below."""
        number = self.number(example)
        above = self.by_key.get((number, example.pitch + 1))
        return above or self.by_key.get((number, example.pitch - 1))

    def others(self, example: Example) -> list[Example]:
        """Give other instruments' notes of the same pitch."""
        notes = (self.by_key.get((i, example.pitch)) for i in range(len(self.timbre_names)))
        return [note for note in notes if note and note.instrument_str != example.instrument_str]

    def timbres_with(self, pitches: Sequence[int], least: int) -> list[int]:
        """Give the timbres with at least so many of the pitches; those the model has, if any."""
        own = [i for i in sorted(self.latents) if self._count(i, pitches) >= least]
        every = range(len(self.timbre_names))
        return own or [i for i in every if self._count(i, pitches) >= least]

    def _count(self, timbre: int, pitches: Sequence[int]) -> int:
        return sum((timbre, pitch) in self.by_key for pitch in pitches)

    def wave(self, example: Example) -> Wave:
        """Read a note: float32 [sample], at the model's rate and of its length."""
        wave = read_wave(example)
        if example.sample_rate != self.sample_rate:
            wave = soxr.resample(wave, example.sample_rate, self.sample_rate, quality="VHQ")
        wave = wave[: self.n_samples]
        return np.pad(wave, (0, self.n_samples - wave.size))


def sample(items: Sequence[Item], n: int, rng: np.random.Generator) -> list[Item]:
    """Choose at random; none comes again before all have come, and of none come none."""
    if not n or not items:
        return []
    rounds = -(-n // len(items))
    order = np.concatenate([rng.permutation(len(items)) for _ in range(rounds)])
    return [items[i] for i in order[:n]]


def mix(notes: tuple[Wave, Wave], share: float) -> Wave:
    """Cross-fade two real notes: float32 [sample] each, equally loud; 0 is the first alone."""
    loudness = [max(float(np.sqrt(np.mean(np.square(note)))), 1e-6) for note in notes]
    mixed = (1 - share) * notes[0] / loudness[0] + share * notes[1] / loudness[1]
    peak = max(float(np.abs(mixed).max()), 1e-6)
    return (0.8 / peak * mixed).astype(np.float32)
