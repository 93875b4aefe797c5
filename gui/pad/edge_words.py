"""What a sound becomes towards the pad's edges, in a word, where its points allow one."""

import itertools
from collections.abc import Sequence

from gui.widgets.timbre_colour import Features, Place, blend
from instrument import pad_weights

N_LINES = 5  # across the pad, each of as many places
LEAST_CHANGE = 0.12  # of a feature from edge to edge: less is not heard as a way
WORDS = (
    ("darker", "brighter"),
    ("quicker", "slower"),
    ("shorter", "longer"),
    ("purer", "breathier"),
)
"""By feature, for less of it and for more."""


def edge_words(features: Sequence[Features], places: Sequence[Place | None]) -> tuple[str, str]:
    """Say what grows to the right and what grows upward; "" where nothing steadily does.

    A word is true of all the pad: its feature grows from each of the lines across to the next, and
    of those that do it changes most.

    Args:
        features: Of the points, as measured; that of a mixture lies between them.
        places: Of each, as `pad_weights` takes them.
    """
    steps = [i / (N_LINES - 1) for i in range(N_LINES)]
    table = [[blend(features, pad_weights(places, x, y)) for x in steps] for y in steps]
    columns = [[table[y][x] for y in range(N_LINES)] for x in range(N_LINES)]
    right = _word(columns)
    return right, _word(table, without=right)


def _word(lines: Sequence[Sequence[Features]], without: str = "") -> str:
    best, word = LEAST_CHANGE, ""
    for number, (less, more) in enumerate(WORDS):
        means = [sum(place[number] for place in line) / len(line) for line in lines]
        steps = [after - before for before, after in itertools.pairwise(means)]
        change = means[-1] - means[0]
        is_steady = all(step * change > 0.0 for step in steps)
        said = more if change > 0.0 else less
        if is_steady and abs(change) > best and said != without:
            best, word = abs(change), said
    return word
