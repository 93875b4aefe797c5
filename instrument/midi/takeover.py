"""Soft takeover: a controller takes a value over where it meets it, so that nothing jumps."""

NEAR = 0.5 / 127  # half of a controller's step: nearer than that it can't come
SAME = 1e-6


class Takeover:
    """Follows one controller and what it moves; all places are 0..1 of the target's way."""

    def __init__(self, low: float, high: float) -> None:
        """Begin with a controller that has not been seen.

        Args:
            low: One end of what the controller can reach.
            high: The other.
        """
        self._ends = (min(low, high), max(low, high))
        self._last: float | None = None
        self._left_at: float | None = None  # where the controller has put the target

    @property
    def waits_at(self) -> float | None:
        """Where the controller points while it may not move the target; None when it may."""
        return self._last if self._left_at is None else None

    def takes(self, wanted: float, settled: float, present: float) -> bool:
        """Say whether the controller moves the target now.

        It does while nobody else has moved the target since; else from the moment that it comes
        by the target's place, or, where it can't reach that, by its own end that is nearest.

        Args:
            wanted: Where the controller points.
            settled: Where the target would be then: the next of its choices.
            present: Where the target is.
        """
        last, self._last = self._last, wanted
        if self._left_at is None or abs(present - self._left_at) > SAME:
            least, most = self._ends
            goal = min(max(present, least), most)
            has_met = min(abs(wanted - goal), abs(settled - goal)) <= NEAR
            has_passed = last is not None and min(last, wanted) <= goal <= max(last, wanted)
            self._left_at = settled if has_met or has_passed else None
            return has_met or has_passed
        self._left_at = settled
        return True
