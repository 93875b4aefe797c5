"""A part of many, chosen so that all kinds are in it alike."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def spread(
    items: Sequence[Item], kind: Callable[[Item], Hashable], n_items: int, seed: int = 0
) -> list[Item]:
    """Choose items at random, as many of each kind as of any other while there are some.

    Args:
        items: What to choose from.
        kind: Says of what kind an item is.
        n_items: How many to choose; all, if there are not more.
        seed: The same one chooses the same items.

    Returns:
        The chosen ones, in the order of `items`.
    """
    places: dict[Hashable, int] = {}
    turns = np.empty(len(items), np.int64)  # how many of its kind were drawn before it
    shuffled = np.random.default_rng(seed).permutation(len(items))
    for i in shuffled:
        turns[i] = places.get(kind(items[i]), 0)
        places[kind(items[i])] = int(turns[i]) + 1
    chosen = sorted(shuffled, key=lambda i: turns[i])[:n_items]
    return [items[i] for i in sorted(chosen)]
