"""Many notes that were measured alike, and their single figures taken together."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .classifier import Judgement, NoteClassifier
from .distribution import inception_score, mean_entropy
from .diversity import diversity_within_pitch
from .figures import Figure, make_figure
from .hearing import Heard
from .in_tune import Tuning
from .mel_image import Image, coarse

Row = tuple[str, Figure]


@dataclass(frozen=True)
class Crowd:
    """Notes of one kind.

    Attributes:
        heard: What was measured of each; one note at least.
        judgement: What the classifier makes of them.
    """

    heard: list[Heard]
    judgement: Judgement

    @classmethod
    def of(cls, futures: "Sequence[Future[Heard]]", classifier: NoteClassifier) -> "Crowd":
        """Wait for the notes, and show them to the classifier."""
        heard = [future.result() for future in futures]
        return cls(heard, classifier.judge(np.stack([note.image for note in heard])))

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.heard)

    @cached_property
    def pitch(self) -> NDArray[np.int64]:
        """MIDI numbers asked for: int64 [note]."""
        return np.array([note.pitch for note in self.heard], np.int64)

    @cached_property
    def images(self) -> Image:
        """uint8 [note, mel, time]."""
        return np.stack([note.image for note in self.heard])

    @cached_property
    def tuning(self) -> Tuning:
        """How well in tune they are."""
        return Tuning.of([note.cents for note in self.heard])


def tuning_rows(drawn: Crowd, real: Crowd) -> list[Row]:
    """Say how well in tune notes at random latents are."""
    ours, theirs = drawn.tuning, real.tuning
    return [
        make_figure("in_tune", drawn.n, ours.in_tune, theirs.in_tune),
        make_figure("in_tune_folded", drawn.n, ours.folded, theirs.folded),
        make_figure("unpitched", drawn.n, ours.unpitched, theirs.unpitched),
        make_figure("cents", drawn.n, ours.cents, theirs.cents),
    ]


def fault_rows(drawn: Crowd, real: Crowd) -> list[Row]:
    """Count the notes with faults."""
    return [
        make_figure(
            name,
            drawn.n,
            *(
                float(np.mean([getattr(note.faults, name) for note in crowd.heard]))
                for crowd in (drawn, real)
            ),
        )
        for name in ("silent", "clipped", "dc", "jumps", "clicks")
    ]


def classifier_rows(drawn: Crowd, real: Crowd) -> list[Row]:
    """Say what the classifier names, and how sure it is."""

    def both(name: str, ours: float, theirs: float) -> Row:
        return make_figure(name, drawn.n, ours, theirs)

    ours, theirs = drawn.judgement, real.judgement
    return [
        both(
            "pitch_accuracy",
            float(ours.pitch_is(drawn.pitch).mean()),
            float(theirs.pitch_is(real.pitch).mean()),
        ),
        both("pitch_entropy", mean_entropy(ours.pitch), mean_entropy(theirs.pitch)),
        both("inception_score_pitch", inception_score(ours.pitch), inception_score(theirs.pitch)),
        both(
            "inception_score_family", inception_score(ours.family), inception_score(theirs.family)
        ),
    ]


def diversity_rows(drawn: Crowd, real: Crowd) -> list[Row]:
    """Say how different notes of one pitch are; both crowds have the same pitches."""
    crowds = (drawn, real)
    by_mel = [diversity_within_pitch(coarse(crowd.images), crowd.pitch) for crowd in crowds]
    by_features = [diversity_within_pitch(c.judgement.features, c.pitch) for c in crowds]
    return [
        make_figure("diversity", drawn.n, *by_mel),
        make_figure("diversity_features", drawn.n, *by_features),
    ]
