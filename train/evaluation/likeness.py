"""How like the crowd of real notes the crowd of generated ones is, and whether it copies them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from train.datasets.notes import Example

from .classifier import Judgement, NoteClassifier
from .classifier_training import labels
from .crowd import Crowd, Row
from .distribution import N_BINS, frechet_distance, kernel_distance, make_bins
from .diversity import image_distance_db, nearest_db
from .figures import make_figure
from .mel_image import Image, coarse
from .real_notes import RealNotes, sample

FEWEST_NOTES = 16
"""With fewer held-out notes in a half, nothing is said of crowds."""

_SPLITS = 8
_BINNED_NOTES = 5000
_NOTES_A_BIN = 8
_MOST_HELD_OUT = 5000
_MOST_LEARNED = 20_000


@dataclass(frozen=True)
class RealCrowd:
    """The real notes that generated ones are held against.

    Attributes:
        held_out: Notes that no training heard, at random order.
        images: Theirs, uint8 [note, mel, time].
        judgement: What the classifier makes of them.
        learned: Notes that training hears.
        learned_images: Theirs.
        neighbour_db: Median distance of a note from the same timbre's a semitone beside it;
            NaN when there is no such pair.
    """

    held_out: list[Example]
    images: Image
    judgement: Judgement
    learned: list[Example]
    learned_images: Image
    neighbour_db: float

    @classmethod
    def read(
        cls,
        real: RealNotes,
        classifier: NoteClassifier,
        images_of: Callable[[Sequence[Example]], Image],
        rng: np.random.Generator,
    ) -> "RealCrowd":
        """Look at the notes of a data set.

        Args:
            real: The data.
            classifier: Who judges.
            images_of: Gives notes' images.
            rng: Chooses the order.
        """
        held_out = sample(real.held_out, min(len(real.held_out), _MOST_HELD_OUT), rng)
        learned = sample(real.learned, min(len(real.learned), _MOST_LEARNED), rng)
        images, learned_images = images_of(held_out), images_of(learned)
        place = {example.note_str: i for i, example in enumerate(learned)}
        distances = []
        for image, example in zip(images, held_out, strict=True):
            neighbour = real.neighbour(example)
            if neighbour is not None and neighbour.note_str in place:
                other = learned_images[place[neighbour.note_str]]
                distances.append(image_distance_db(image, other))
        return cls(
            held_out=held_out,
            images=images,
            judgement=classifier.judge(images),
            learned=learned,
            learned_images=learned_images,
            neighbour_db=float(np.median(distances)) if distances else float("nan"),
        )


def likeness_rows(drawn: Crowd, real: RealCrowd, rng: np.random.Generator) -> list[Row]:
    """Measure FID, KID and NDB; none where there are too few notes.

    All three are of equally many notes in both columns. The real column is that of real notes
    held against other real notes: the floor below which nothing can be told.
    """
    n = min(drawn.n, len(real.held_out) // 2)
    if n < FEWEST_NOTES:
        return []
    ours, theirs = drawn.judgement.features, real.judgement.features
    distances = []
    for _ in range(_SPLITS):
        halves = rng.permutation(len(theirs))
        reference, others = theirs[halves[:n]], theirs[halves[n : 2 * n]]
        some = ours[rng.permutation(len(ours))[:n]]
        distances.append([frechet_distance(x, reference) for x in (some, others)])
    fid, floor = np.mean(distances, axis=0)
    ours_kid = kernel_distance(ours[:n], theirs)
    real_kid = kernel_distance(theirs[:n], theirs[n : 2 * n])
    return [
        make_figure("fid", n, float(fid), float(floor)),
        make_figure(
            "kid",
            n,
            ours_kid.value,
            real_kid.value,
            interval=(ours_kid.low, ours_kid.high),
            real_interval=(real_kid.low, real_kid.high),
        ),
        _ndb_row(drawn, real, rng),
    ]


def memory_rows(drawn: Crowd, held_out: Crowd, real: RealCrowd) -> list[Row]:
    """Measure how near the nearest training note is: a model that copies has it at once."""
    known_pitch, _ = labels(real.learned)
    medians = []
    for crowd in (drawn, held_out):
        distances = nearest_db(crowd.images, crowd.pitch, real.learned_images, known_pitch)
        found = distances[np.isfinite(distances)]
        medians.append(float(np.median(found)) if found.size else float("nan"))
    return [
        make_figure("nearest", drawn.n, *medians),
        make_figure("nearest_to_neighbour", drawn.n, *(x / real.neighbour_db for x in medians)),
    ]


def _ndb_row(drawn: Crowd, real: RealCrowd, rng: np.random.Generator) -> Row:
    n = min(drawn.n, len(real.held_out))
    binned = np.array(sample(range(len(real.learned)), min(_BINNED_NOTES, len(real.learned)), rng))
    # With fewer notes a bin, the test could not even tell an empty one.
    n_bins = max(2, min(N_BINS, n // _NOTES_A_BIN))
    bins = make_bins(coarse(real.learned_images[binned]), int(rng.integers(2**31)), n_bins)
    shares = [bins.different(coarse(images[:n])) for images in (drawn.images, real.images)]
    return make_figure("ndb", n, *shares)
