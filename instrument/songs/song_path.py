"""A path over the pad as a text file: where the finger is at which time of a song.

Each line has a time in seconds, x and y (0 to 1), with commas or spaces between; what follows a
# is a remark. Between two lines the finger goes straight.
"""

import heapq
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from instrument.values.events import AnyEvent, MovePad

from .song import MAXIMUM_SECONDS, SongError

STEP_SECONDS = 0.1  # as often as notes that sound follow the pad
MAXIMUM_BYTES = 10_000_000

Point = tuple[float, float, float]


def read_pad_path(path: Path) -> list[Point]:
    """Read a path: (seconds, x, y) in the order of time.

    Raises:
        SongError: If it can't be read or a line is not as it should be; the line is named.
    """
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise SongError(f'"{path}" is too large to be a path over the pad.')
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise SongError(f'There is no file "{path}". Check the path.') from error
    except OSError as error:
        raise SongError(f'Could not read "{path}": {error.strerror}.') from error
    except UnicodeDecodeError as error:
        raise SongError(f'"{path}" is not a text of seconds, x and y.') from error
    points: list[Point] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if words:
            points.append(_point(words, points[-1][0] if points else 0.0, f'"{path}":{number}'))
    if not points:
        raise SongError(f'"{path}" holds no place of the pad.')
    return points


def _point(words: Sequence[str], earliest: float, where: str) -> Point:
    try:
        seconds, x, y = map(float, words)
    except ValueError as error:
        raise SongError(
            f"{where} must have three numbers: seconds, x and y, such as 1.5, 0, 1."
        ) from error
    if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
        raise SongError(f"{where} has a place beyond the pad: x and y go from 0 to 1.")
    if not earliest <= seconds <= MAXIMUM_SECONDS:
        raise SongError(f"{where} has the time {seconds:g} s, which is not after the line before.")
    return seconds, x, y


def moves_along(points: Sequence[Point]) -> list[MovePad]:
    """Give the movements of a finger along a path, ten times a second."""
    moves = [_move(*points[0])]
    for (start, *here), (end, *there) in pairwise(points):
        n = max(math.ceil((end - start) / STEP_SECONDS), 1)
        for step in range(1, n + 1):
            way = step / n
            x, y = (a + way * (b - a) for a, b in zip(here, there, strict=True))
            # rounding must not carry a time beyond the next line's
            moves.append(_move(min(start + way * (end - start), end), x, y))
    return moves


def _move(seconds: float, x: float, y: float) -> MovePad:
    return MovePad(x=x, y=y, time_seconds=seconds)


def with_moves(events: Sequence[AnyEvent], moves: Sequence[MovePad]) -> list[AnyEvent]:
    """Merge movements into a song, up to its last event; at the same time they come first."""
    heard = [move for move in moves if move.time_seconds <= events[-1].time_seconds]
    return list(heapq.merge(heard, events, key=lambda event: event.time_seconds))
