"""A tempo from taps."""

import itertools
import statistics

from .transport import FASTEST, SLOWEST

PAUSE_SECONDS = 60.0 / SLOWEST  # after which a tap is the first of a new count
MOST_TAPS = 8


class TapTempo:
    """The median time between the last taps: one bad tap does no harm."""

    def __init__(self) -> None:
        self._taps: list[float] = []

    def tap(self, at: float) -> float | None:
        """Take a tap; give beats a minute, or None for a first one."""
        if self._taps and not 0.0 < at - self._taps[-1] <= PAUSE_SECONDS:
            self._taps = []
        self._taps = [*self._taps, at][-MOST_TAPS:]
        if len(self._taps) < 2:
            return None
        between = [after - before for before, after in itertools.pairwise(self._taps)]
        return min(max(60.0 / statistics.median(between), SLOWEST), FASTEST)
