"""How far notes lie from one another: within a pitch, from the nearest known, along a path."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

from .mel_image import Image, image_db

Rows = NDArray[np.float32] | NDArray[np.float64]


def diversity_within_pitch(features: Rows, pitch: NDArray[np.int64] | Sequence[int]) -> float:
    """Measure how different notes of one pitch are.

    A generator that has collapsed to a few timbres shows here first: compare with the same
    measure of real notes.

    Args:
        features: [note, feature], of any kind: a classifier's, or a flattened specgram.
        pitch: [note], MIDI numbers.

    Returns:
        The mean distance between two notes of the same pitch, over the root of the number of
        features; each pitch with two notes or more counts alike. NaN when there is none.
    """
    pitches = np.asarray(pitch)
    means = []
    for one in np.unique(pitches):
        rows = np.asarray(features[pitches == one], np.float64)
        if len(rows) > 1:
            means.append(pdist(rows).mean() / features.shape[1] ** 0.5)
    return float(np.mean(means)) if means else float("nan")


def nearest_db(
    images: Image,
    pitch: NDArray[np.int64],
    known: Image,
    known_pitch: NDArray[np.int64],
    reach_semitones: int = 1,
) -> NDArray[np.float64]:
    """Measure how far each note is from the nearest known one of about its pitch.

    Args:
        images: uint8 [note, mel, time], as `mel_image` gives them.
        pitch: int64 [note], MIDI numbers.
        known: uint8 [known, mel, time].
        known_pitch: int64 [known].
        reach_semitones: Known notes further away in pitch are not compared.

    Returns:
        float64 [note], mean difference in dB; NaN where no known note has about that pitch.
    """
    nearest = np.full(len(images), np.nan)
    for one in np.unique(pitch):
        ours = np.flatnonzero(pitch == one)
        theirs = known[np.abs(known_pitch - one) <= reach_semitones]
        if len(theirs):
            theirs_db = image_db(theirs)
            for i in ours:
                nearest[i] = np.abs(theirs_db - image_db(images[i])).mean(axis=(1, 2)).min()
    return nearest


def image_distance_db(image: Image, other: Image) -> float:
    """Measure the mean difference of two images, uint8 [mel, time], in dB."""
    return float(np.abs(image_db(image) - image_db(other)).mean())


def largest_step(images: Image) -> float:
    """Measure how even a path of notes is.

    Args:
        images: uint8 [step, mel, time], of notes along a path, three or more.

    Returns:
        The largest distance between neighbours over the mean one: 1 when all steps are alike,
        the number of steps when all happens in one. NaN for notes that are all the same.
    """
    steps = [image_distance_db(a, b) for a, b in itertools.pairwise(images)]
    mean = float(np.mean(steps))
    return float(max(steps)) / mean if mean > 0 else float("nan")


def recognised(timbres: Rows, at_another_pitch: Rows) -> tuple[float, float]:
    """Measure whether timbres keep their character from one pitch to another.

    Args:
        timbres: [timbre, feature], two timbres or more.
        at_another_pitch: [timbre, feature], the same timbres in the same order.

    Returns:
        The share of timbres that lie nearest to themselves; and the median distance of a timbre
        from itself over the median distance of timbres from each other.
    """
    distances = cdist(at_another_pitch, timbres)
    own = np.diag(distances)
    others = distances[~np.eye(len(distances), dtype=bool)]
    share = float(np.mean(distances.argmin(axis=1) == np.arange(len(distances))))
    return share, float(np.median(own) / max(float(np.median(others)), 1e-12))
