"""Sounds laid out on a plane by what tells them apart most.

Imported only when there is a map to draw, so that the window opens before NumPy is loaded.
"""

from collections.abc import Sequence

import numpy as np

from gui.widgets.timbre_colour import Features

WORDS = ("brighter", "slower", "longer", "breathier")
EVENNESS = 0.6  # share of the rank in a place: near sounds stay neighbours without covering another


def lay_out(features: Sequence[Features]) -> tuple[list[tuple[float, float]], tuple[str, str]]:
    """Give each sound a place, and the word for what grows along each axis.

    The axes are the first two principal components of the features; each is turned so that the
    feature with the greatest share in it grows.

    Args:
        features: At least one.

    Returns:
        Places, x rightward and y upward, each 0 to 1; the words for x and y.
    """
    table = np.array(features, dtype=float)  # [sound, feature]
    _, vectors = np.linalg.eigh(np.cov(table, rowvar=False) if len(table) > 1 else np.eye(4))
    axes = vectors[:, ::-1][:, :2].copy()  # [feature, axis], the greatest variance first
    strongest = np.argmax(np.abs(axes), axis=0)
    if strongest[0] == strongest[1]:  # else both axes would have one name
        strongest[1] = np.argsort(-np.abs(axes[:, 1]))[1]
    axes *= np.sign(axes[strongest, (0, 1)])
    along = (table - table.mean(axis=0)) @ axes
    places = [_evened(along[:, axis]) for axis in (0, 1)]
    words = (WORDS[strongest[0]], WORDS[strongest[1]])
    return [(float(x), float(y)) for x, y in zip(*places, strict=True)], words


def _evened(values: np.ndarray) -> np.ndarray:
    """Spread values over 0 to 1, in their order, partly by their rank."""
    if len(values) < 2 or float(np.ptp(values)) == 0.0:
        return np.full(len(values), 0.5)
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable") / (len(values) - 1)
    return EVENNESS * ranks + (1.0 - EVENNESS) * (values - values.min()) / np.ptp(values)
