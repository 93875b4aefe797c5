"""Where classifiers are kept, so that scores of one data set stay comparable."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from train.datasets.notes import Example

from .classifier import ClassifierError, ClassifierRecipe, NoteClassifier
from .classifier_training import classifier_path, data_identity, train_classifier
from .mel_image import SECONDS, Image

Progress = Callable[[int, int, str], None]
Reader = Callable[[Sequence[Example], int, float], Image]
"""Gives notes' images by rate in Hz and length in seconds."""

RATES = (32000, 16000)
"""Hz at which classifiers look at notes: the highest that model and data have serves."""


def find_classifier(
    examples: Sequence[Example],
    sample_rate: int,
    recipe: ClassifierRecipe,
    path: Path | None,
    folder: Path,
    read: Reader,
    progress: Progress,
) -> NoteClassifier:
    """Take the classifier that is asked for or kept, else train one and keep it.

    Args:
        examples: The data set.
        sample_rate: The model's, in Hz.
        recipe: How one is trained; the rate in it is replaced by that which suits.
        path: A file to use; when it is not there, the new classifier is written to it. None: one
            of the folder.
        folder: Where classifiers are kept, named after the data and the recipe.
        read: Gives images.
        progress: Called with (done, total, what).

    Raises:
        ClassifierError: If its file is damaged, can't be written, or the rates do not fit.
        DatasetError: If a note can't be read.
    """
    rate = min(sample_rate, *(example.sample_rate for example in examples))
    if rate < min(RATES):
        raise ClassifierError(f"Notes at {rate} Hz can't be judged: {min(RATES)} Hz are needed.")
    recipe = msgspec.structs.replace(recipe, sample_rate=max(r for r in RATES if r <= rate))
    path = path or classifier_path(folder, recipe, data_identity(examples))
    if path.exists():
        classifier = NoteClassifier.load(path)
    else:
        # Whole notes, so that all models on this data share one classifier.
        classifier = train_classifier(
            examples, recipe, lambda notes: read(notes, recipe.sample_rate, SECONDS), progress
        )
        classifier.save(path)
    if classifier.sample_rate > rate:
        raise ClassifierError(
            f"{path} looks at notes at {classifier.sample_rate} Hz; these are at {rate} Hz. Choose "
            "another classifier, or let the evaluation train its own."
        )
    return classifier
