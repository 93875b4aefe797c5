"""How long a run still takes: each stage at the rate that it had, or that the others suggest."""

from collections.abc import Callable

_DEARER = 1.9
"""How much longer a note takes a stage higher, where neither was measured: on CPU and GPU about
twice, since half the channels see four times the pixels."""

_WEIGHT = 0.3
_N_PARTS = 100


class Eta:
    """Measures rates by stage and adds up what is left."""

    def __init__(self, stage_at: Callable[[int], int], n_examples: int) -> None:
        """Begin without any measurement.

        Args:
            stage_at: Says the stage at a number of examples seen.
            n_examples: Where the run ends.
        """
        self._stage_at = stage_at
        self._n_examples = n_examples
        self._seconds_each: dict[int, float] = {}

    def measured(self, stage: int, n_examples: int, seconds: float) -> None:
        """Take a measurement; later ones count more.

        What a stage gains or loses on its former rate, the others do, too: the machine became
        faster or slower, or a recipe's dearer part has begun.
        """
        if n_examples <= 0 or seconds <= 0:
            return
        now = seconds / n_examples
        before = self._seconds_each.setdefault(stage, now)
        change = 1 + _WEIGHT * (now / before - 1)
        self._seconds_each = {s: each * change for s, each in self._seconds_each.items()}

    def seconds_left(self, examples_seen: int) -> float | None:
        """Estimate the rest of the run; None before anything was measured."""
        if not self._seconds_each:
            return None
        left = max(0, self._n_examples - examples_seen)
        part = left / _N_PARTS
        middles = (examples_seen + int((number + 0.5) * part) for number in range(_N_PARTS))
        return sum(part * self._each(self._stage_at(middle)) for middle in middles)

    def _each(self, stage: int) -> float:
        nearest = min(self._seconds_each, key=lambda known: (abs(known - stage), -known))
        return self._seconds_each[nearest] * _DEARER ** (stage - nearest)
