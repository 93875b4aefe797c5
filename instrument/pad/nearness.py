"""How much of each timbre point sounds at a place of the pad. Pure functions, no NumPy."""

import math
from collections.abc import Sequence

Place = tuple[float, float]
"""x rightward and y upward, each 0..1."""

CORNER_PLACES: tuple[Place, ...] = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
"""Bottom left, bottom right, top left, top right."""

MOST_POINTS = 16

POWER = 3.0
"""Of the distance. Above 2, the number of dimensions, or many far points drown a near one: among 16
anywhere, one has more than half of the weight on 56 % of the pad with 3, on 31 % with 2. Less than
4, or the sound stands still around each point and hurries between them: a latent goes by the square
roots of the weights, and between the corners it turns by up to 2.6 degrees in a 64th of the pad's
side with 3, by 3.5 with 4."""

_HERE = 1e-9


def pad_weights(places: Sequence[Place | None], x: float, y: float) -> tuple[float, ...]:
    """Weigh timbre points by the finger's place.

    Four points without a place stand in the pad's corners and are mixed bilinearly: an edge has
    only its two corners in it. Points with places are weighed by nearness: at a point all is that
    point's, and several at one place share.

    Args:
        places: Of the points; all of them None, then there are four, or none of them.
        x: The finger's, 0..1, rightward.
        y: 0..1, upward.

    Returns:
        A weight for each point, none negative, sum 1.

    Raises:
        ValueError: If some have places and others not, or those without are not four.

    Source: Shepard, "A two-dimensional interpolation function for irregularly-spaced data", 1968.
    """
    standing = [place for place in places if place is not None]
    if not standing:
        if len(places) != len(CORNER_PLACES):
            raise ValueError(f"points without places are four, not {len(places)}")
        return (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y
    if len(standing) != len(places):
        raise ValueError("either all points have a place, or none")
    distances = [math.hypot(x - px, y - py) for px, py in standing]
    nearest = min(distances)
    if nearest < _HERE:
        parts = [float(distance < _HERE) for distance in distances]
    else:  # of the nearest, so that nothing overflows
        parts = [(nearest / distance) ** POWER for distance in distances]
    whole = math.fsum(parts)
    return tuple(part / whole for part in parts)


def standing_places(places: Sequence[Place | None]) -> tuple[Place, ...]:
    """Give where points are seen: those without a place in the pad's corners."""
    return tuple(
        CORNER_PLACES[index % len(CORNER_PLACES)] if place is None else place
        for index, place in enumerate(places)
    )
