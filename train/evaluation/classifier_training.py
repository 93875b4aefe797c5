"""Training of the classifier on a data set, with notes and instruments kept apart to test it."""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.datasets.dataset import is_held_out
from train.datasets.notes import Example
from train.datasets.sampling import spread

from .classifier import (
    LOWEST_PITCH,
    N_PITCHES,
    Accuracy,
    ClassifierConfig,
    ClassifierNetwork,
    ClassifierRecipe,
    NoteClassifier,
)
from .mel_image import Image

Progress = Callable[[int, int, str], None]

_INSTRUMENTS_ONE_IN = 8
_WARM_UP_SHARE = 0.1
_WEIGHT_DECAY = 0.01
_LARGEST_SHIFT = 3
_LARGEST_GAIN = 0.1  # of the 80 dB: what is below the floor goes, as with a noisier note
_MASK_SHARE = 0.1


@dataclass(frozen=True)
class Split:
    """Which notes serve what; no note is in two lists.

    Attributes:
        learned: Those that the classifier learns.
        new_notes: Other notes of the same instruments, which the generator never heard either.
        new_instruments: All notes of instruments that the classifier never sees.
    """

    learned: list[Example]
    new_notes: list[Example]
    new_instruments: list[Example]


def split_notes(examples: Sequence[Example], maximum_notes: int) -> Split:
    """Split notes by their names alone, so that every evaluation does it alike.

    Args:
        examples: Those of pitches outside MIDI 24 to 84 are left out.
        maximum_notes: To learn at most, spread over families and pitches; a quarter for each
            test.
    """
    known = [e for e in examples if LOWEST_PITCH <= e.pitch < LOWEST_PITCH + N_PITCHES]
    tested = {e.instrument_str for e in known if _is_new(e.instrument_str)}
    if len(tested) == len({e.instrument_str for e in known}):
        tested = set()  # a classifier must learn something
    seen = [e for e in known if e.instrument_str not in tested]
    learned = [e for e in seen if not is_held_out(e)]
    return Split(
        spread(learned, _kind, maximum_notes),
        spread([e for e in seen if is_held_out(e)], _kind, maximum_notes // 4),
        spread([e for e in known if e.instrument_str in tested], _kind, maximum_notes // 4),
    )


def _kind(example: Example) -> tuple[int, int]:
    return example.instrument_family, example.pitch


def _is_new(instrument_str: str) -> bool:
    text = f"classifier {instrument_str}"
    return zlib.crc32(text.encode()) % _INSTRUMENTS_ONE_IN == 0


def data_identity(examples: Sequence[Example]) -> str:
    """Give the identity of a data set: what its notes are called, labelled and how long."""
    rows = sorted(
        (e.note_str, e.pitch, e.instrument_family, e.sample_rate, e.path.stat().st_size)
        for e in examples
    )
    return sha256(msgspec.json.encode(rows)).hexdigest()[:16]


def classifier_path(folder: Path, recipe: ClassifierRecipe, data: str) -> Path:
    """Say where the classifier of a recipe and a data set is kept."""
    recipe_hash = sha256(msgspec.json.encode(recipe, order="sorted")).hexdigest()[:8]
    return folder / f"classifier-{data}-{recipe_hash}.safetensors"


def train_classifier(
    examples: Sequence[Example],
    recipe: ClassifierRecipe,
    read: Callable[[Sequence[Example]], Image],
    progress: Progress,
) -> NoteClassifier:
    """Train a classifier, and test it.

    Args:
        examples: The data set.
        recipe: How.
        read: Gives notes' images: uint8 [note, mel, time].
        progress: Called with (done, total, what).
    """
    split = split_notes(examples, recipe.maximum_notes)
    network = _fit(split.learned, read(split.learned), recipe, progress)
    untested = ClassifierConfig(
        recipe=recipe, data=data_identity(examples), n_notes=len(split.learned)
    )
    classifier = NoteClassifier(untested, network)
    classifier.config = msgspec.structs.replace(
        untested,
        new_notes=_test(classifier, split.new_notes, read),
        new_instruments=_test(classifier, split.new_instruments, read),
    )
    return classifier


def labels(examples: Sequence[Example]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give notes' MIDI numbers and their families' places: int64 [note] each."""
    pitch = np.array([e.pitch for e in examples], np.int64)
    return pitch, np.array([e.instrument_family for e in examples], np.int64)


def _fit(
    examples: Sequence[Example], images: Image, recipe: ClassifierRecipe, progress: Progress
) -> ClassifierNetwork:
    # Initialisation and dropout draw from the global generator, which is given back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        generator = torch.Generator().manual_seed(recipe.seed)
        network = ClassifierNetwork(recipe)
        optimiser = torch.optim.AdamW(
            network.parameters(), recipe.learning_rate, weight_decay=_WEIGHT_DECAY
        )
        n_steps = max(1, recipe.examples // recipe.batch)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: learning_rate_share(step, n_steps)
        )
        pitch, family = (torch.from_numpy(x) for x in labels(examples))
        order = torch.empty(0, dtype=torch.long)
        for step in range(n_steps):
            while len(order) < recipe.batch:
                order = torch.cat([order, torch.randperm(len(examples), generator=generator)])
            index, order = order[: recipe.batch], order[recipe.batch :]
            batch = torch.from_numpy(images[index.numpy()]).float() / 255
            _, pitch_logits, family_logits = network(_augment(batch, generator))
            loss = functional.cross_entropy(pitch_logits, pitch[index] - LOWEST_PITCH)
            loss = loss + functional.cross_entropy(family_logits, family[index])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            progress(step + 1, n_steps, "training the classifier")
    return network


def learning_rate_share(step: int, n_steps: int) -> float:
    """Say how much of the highest learning rate a step takes: a short rise, then half a cosine."""
    rise = (step + 1) / max(1.0, _WARM_UP_SHARE * n_steps)
    return min(1.0, rise) * 0.5 * (1 + math.cos(math.pi * step / n_steps))


def _augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift notes in time, make them softer beside the floor, and cover a stretch of each.

    Never along the bands: that would be another pitch.
    """

    def draw(least: float, greatest: float) -> Tensor:
        uniform = torch.rand(len(images), 1, 1, generator=generator)
        return least + (greatest - least) * uniform

    n_times = images.shape[2]
    time = torch.arange(n_times)
    shift = draw(-_LARGEST_SHIFT, _LARGEST_SHIFT + 1).floor().long()
    place = (time + shift).clamp(0, n_times - 1).expand_as(images)
    moved = images.gather(2, place)
    softer = (moved - draw(0, _LARGEST_GAIN)).clamp_min(0)
    start = draw(0, n_times)
    covered = (time >= start) & (time < start + draw(0, _MASK_SHARE) * n_times)
    return softer.masked_fill(covered, 0.0)


def _test(
    classifier: NoteClassifier,
    examples: Sequence[Example],
    read: Callable[[Sequence[Example]], Image],
) -> Accuracy | None:
    if not examples:
        return None
    judgement = classifier.judge(read(examples))
    pitch, family = labels(examples)
    return Accuracy(
        n_notes=len(examples),
        pitch=float(judgement.pitch_is(pitch).mean()),
        family=float(judgement.family_is(family).mean()),
    )
