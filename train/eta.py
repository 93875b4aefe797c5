"""How long a run still takes: each stage at the rate that it had, or that the others suggest."""

from collections.abc import Callable

_DEARER = 1.9
"""How much longer a note takes a stage higher, where neither was measured: on CPU and GPU about
twice, since half the channels see four times the pixels."""

_WEIGHT = 0.3


class Eta:
    """Measures rates by stage and adds up what is left."""

    def __init__(self, stage_at: Callable[[int], int], n_examples: int) -> None:
        """Begin without any measurement.

        Args:
            stage_at: Says the stage at a number of examples seen; it never falls.
            n_examples: Where the run ends.
        """
        self._stage_at = stage_at
        self._n_examples = n_examples
        self._seconds_each: dict[int, float] = {}

    def measured(self, stage: int, n_examples: int, seconds: float) -> None:
        """Take a measurement; later ones count more."""
        if n_examples <= 0 or seconds <= 0:
            return
        now = seconds / n_examples
        before = self._seconds_each.get(stage, now)
        self._seconds_each[stage] = before + _WEIGHT * (now - before)

    def seconds_left(self, examples_seen: int) -> float | None:
        """Estimate the rest of the run; None before anything was measured."""
        if not self._seconds_each:
            return None
        total, seen = 0.0, examples_seen
        while seen < self._n_examples:
            stage = self._stage_at(seen)
            end = self._end_of(stage, seen)
            total += (end - seen) * self._each(stage)
            seen = end
        return total

    def _each(self, stage: int) -> float:
        nearest = min(self._seconds_each, key=lambda known: (abs(known - stage), -known))
        return self._seconds_each[nearest] * _DEARER ** (stage - nearest)

    def _end_of(self, stage: int, seen: int) -> int:
        """Find where a stage ends, by bisection."""
        low, high = seen, self._n_examples
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._stage_at(middle) == stage else (low, middle)
        return high
