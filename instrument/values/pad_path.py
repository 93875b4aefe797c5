"""A way over the pad that can be gone again: points with their times, strict JSON in presets."""

import bisect
import itertools
import math
from collections.abc import Sequence

import msgspec

VERSION = 1
MOST_POINTS = 512
TOLERANCE = 0.004  # of the pad's side: what a point may be off when others stand for it
DIGITS = 4

Sample = tuple[float, float, float]
"""Seconds, x, y."""


class PadPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A path.

    Attributes:
        points: (time, x, y) each, all 0..1: time is the share of the path's length; it begins with
            0, ends with 1 and rises.
        version: Of this layout.
    """

    points: tuple[tuple[float, float, float], ...]
    version: int = VERSION

    def problem(self) -> str:
        """Say what is wrong with it, or ""."""
        if self.version != VERSION:
            return f"its path is of version {self.version}, not {VERSION}"
        if not 2 <= len(self.points) <= MOST_POINTS:
            return f"its path has {len(self.points)} points; 2..{MOST_POINTS} are possible"
        if not all(0.0 <= value <= 1.0 for point in self.points for value in point):
            return "its path leaves the pad: times and places must be 0..1"
        times = [time for time, _, _ in self.points]
        is_rising = all(a < b for a, b in itertools.pairwise(times))
        if times[0] != 0.0 or times[-1] != 1.0 or not is_rising:
            return "the times of its path must rise from 0 to 1"
        return ""

    def place(self, share: float) -> tuple[float, float]:
        """Give where it is at a share of its length, (x, y)."""
        after = bisect.bisect_right(self.points, share, key=lambda point: point[0])
        if after == 0:
            return self.points[0][1:]
        if after == len(self.points):
            return self.points[-1][1:]
        (t0, x0, y0), (t1, x1, y1) = self.points[after - 1 : after + 1]
        way = (share - t0) / (t1 - t0)
        return x0 + way * (x1 - x0), y0 + way * (y1 - y0)


def path_of(samples: Sequence[Sample], *, is_even: bool) -> PadPath | None:
    """Make a path of where a finger was, with as few points as tell it; None if it did not move.

    Args:
        samples: In order; the times rise.
        is_even: Go at an even pace, and not as the finger did.
    """
    if is_even:
        way, evenly = 0.0, [(0.0, *samples[0][1:])] if samples else []
        for (_, x0, y0), (_, x1, y1) in itertools.pairwise(samples):
            way += math.hypot(x1 - x0, y1 - y0)
            evenly.append((way, x1, y1))
        samples = evenly
    samples = [s for i, s in enumerate(samples) if i == 0 or s[0] > samples[i - 1][0]]
    if len(samples) < 2 or all(s[1:] == samples[0][1:] for s in samples):
        return None
    begin, length = samples[0][0], samples[-1][0] - samples[0][0]
    points = [((time - begin) / length, x, y) for time, x, y in samples]
    tolerance = TOLERANCE
    kept = _simplified(points, tolerance)
    while len(kept) > MOST_POINTS:
        tolerance *= 1.5
        kept = _simplified(points, tolerance)
    rounded = [(round(t, 2 * DIGITS), round(x, DIGITS), round(y, DIGITS)) for t, x, y in kept]
    rising = [p for i, p in enumerate(rounded) if i == 0 or p[0] > rounded[i - 1][0]]
    return PadPath(tuple(rising))


def _simplified(points: Sequence[Sample], tolerance: float) -> list[Sample]:
    """Leave out the points that lie near the straight way between others, at their times.

    Source: Ramer, 1972; Douglas and Peucker, 1973; with the distance at the same time.
    """
    keep = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        (t0, x0, y0), (t1, x1, y1) = points[first], points[last]
        worst, at = tolerance, 0
        for i in range(first + 1, last):
            t, x, y = points[i]
            way = (t - t0) / (t1 - t0)
            off = math.hypot(x - x0 - way * (x1 - x0), y - y0 - way * (y1 - y0))
            if off > worst:
                worst, at = off, i
        if at:
            keep.add(at)
            spans += [(first, at), (at, last)]
    return [points[i] for i in sorted(keep)]
