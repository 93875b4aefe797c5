"""The pad's timbre points: where they are, and how one is added, moved or taken away.

Pure functions of tuples of points; `nearness.py` says how much of each sounds where.
"""

import math
from collections.abc import Sequence

import msgspec

from instrument.values.status import Corner

from .nearness import CORNER_PLACES, MOST_POINTS, Place, pad_weights, standing_places

FEWEST_POINTS = 1
_LEAST = 1e-6
_MOST_NAME = 80
_WORTH_NAMING = 0.2  # of the weight

Points = tuple[Corner, ...]


def weights_at(points: Sequence[Corner], x: float, y: float) -> tuple[float, ...]:
    """Give how much of each point sounds at a place of the pad; sum 1."""
    return pad_weights([point.place for point in points], x, y)


def places_of(points: Sequence[Corner]) -> tuple[Place, ...]:
    """Give where each point is seen."""
    return standing_places([point.place for point in points])


def are_in_corners(points: Sequence[Corner]) -> bool:
    """Whether the points are the pad's four corners, mixed bilinearly."""
    return bool(points) and all(point.place is None for point in points)


def set_free(points: Sequence[Corner]) -> Points:
    """Give points the places where they are seen: they are weighed by nearness from now on."""
    return tuple(
        msgspec.structs.replace(point, place=place)
        for point, place in zip(points, places_of(points), strict=True)
    )


def put_into_corners(points: Sequence[Corner]) -> Points:
    """Let four points stand in the pad's corners, each in the one that is left and nearest to it.

    Raises:
        ValueError: If they are not four.
    """
    if len(points) != len(CORNER_PLACES):
        raise ValueError(f"{len(CORNER_PLACES)} points can stand in the corners, not {len(points)}")
    ways = sorted(
        (math.dist(place, corner), index, number)
        for index, place in enumerate(places_of(points))
        for number, corner in enumerate(CORNER_PLACES)
    )
    standing: dict[int, Corner] = {}
    placed: set[int] = set()
    for _, index, number in ways:
        if index not in placed and number not in standing:
            placed.add(index)
            standing[number] = msgspec.structs.replace(points[index], place=None)
    return tuple(standing[number] for number in range(len(CORNER_PLACES)))


def moved(points: Sequence[Corner], index: int, x: float, y: float) -> Points:
    """Give the points with one at another place; all are free from then on."""
    free = list(set_free(points))
    free[index] = msgspec.structs.replace(free[index], place=(_on_pad(x), _on_pad(y)))
    return tuple(free)


def added(points: Sequence[Corner], point: Corner, x: float, y: float) -> Points:
    """Give the points with one more, the last.

    Raises:
        ValueError: If there are as many as there may be.
    """
    if len(points) >= MOST_POINTS:
        raise ValueError(f"The pad has {MOST_POINTS} points, and no room for more. Remove one.")
    placed = msgspec.structs.replace(point, place=(_on_pad(x), _on_pad(y)))
    return (*set_free(points), placed)


def removed(points: Sequence[Corner], index: int) -> Points:
    """Give the points without one.

    Raises:
        ValueError: If it is the last.
    """
    if len(points) <= FEWEST_POINTS:
        raise ValueError("The pad keeps its last point. Add another one first.")
    return tuple(point for number, point in enumerate(set_free(points)) if number != index)


def point_at(points: Sequence[Corner], x: float, y: float) -> Corner:
    """Give what sounds at a place of the pad as a point: one that stands there, or a mixture.

    Args:
        points: With their latents, all of one length.
        x: 0..1, rightward.
        y: 0..1, upward.

    Returns:
        A point without a place; a mixture is named after the points that it is mostly of.
    """
    weights = weights_at(points, x, y)
    order = sorted(range(len(points)), key=lambda index: -weights[index])
    heaviest = points[order[0]]
    if weights[order[0]] > 1.0 - _LEAST:
        return msgspec.structs.replace(heaviest, place=None)
    names = [points[i].name for i in order[:2] if weights[i] >= _WORTH_NAMING and points[i].name]
    name = " + ".join(dict.fromkeys(names or [heaviest.name]))
    z = blend([point.z for point in points], weights)
    return Corner(name=name[:_MOST_NAME], z=z)


def blend(latents: Sequence[Sequence[float]], weights: Sequence[float]) -> tuple[float, ...]:
    """Mix latents as the renderer does, for who has no torch: `model.latent.blend` says how.

    Args:
        latents: float [point, latent].
        weights: None negative, sum 1.

    Returns:
        float [latent].
    """
    lengths = [math.hypot(*z) for z in latents]
    shares = [math.sqrt(w) / (n or 1.0) for w, n in zip(weights, lengths, strict=True)]
    mixed = [
        math.fsum(s * v for s, v in zip(shares, c, strict=True)) for c in zip(*latents, strict=True)
    ]
    length = math.hypot(*mixed)
    if length < 1e-4:  # the directions cancel: the heaviest wins
        index = max(range(len(weights)), key=lambda i: weights[i])
        mixed, length = list(latents[index]), lengths[index] or 1.0
    wanted = math.fsum(w * n for w, n in zip(weights, lengths, strict=True))
    return tuple(wanted / length * value for value in mixed)


def _on_pad(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"a place on the pad must be 0..1, not {number}")
    return round(min(max(number, 0.0), 1.0), 5)
