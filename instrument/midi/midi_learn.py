"""Learning: which controller is the next that moves."""

from collections.abc import Sequence

from instrument.values.midi_source import Source

from .midi_reader import Reading

PAIR_SECONDS = 0.1  # for the fine half of a controller to come


class MidiLearn:
    """Waits for a controller, and for the second half of one that may have fourteen bits.

    Attributes:
        target: What is to be moved; "" while nothing is to be learned.
    """

    def __init__(self) -> None:
        self.target = ""
        self._coarse: Source | None = None
        self._came_at = 0.0

    def begin(self, target: str) -> None:
        """Wait for a controller for a target; "" waits no more."""
        self.target = target
        self._coarse = None

    def take(self, readings: Sequence[Reading], now: float) -> Source | None:
        """Take the readings of a message; give the controller once it is known.

        Args:
            readings: Of one message, at least one.
            now: When it came, in seconds.
        """
        first = readings[0].source
        if self._coarse is not None:
            finer = self._coarse.finer
            is_fine_half = first != self._coarse and any(r.source == finer for r in readings)
            return finer if is_fine_half else self._coarse
        if first.finer is None:
            return first
        self._coarse, self._came_at = first, now
        return None

    def settle(self, now: float) -> Source | None:
        """Give the controller whose fine half has not come in time."""
        is_late = now - self._came_at > PAIR_SECONDS
        return self._coarse if self.target and is_late else None
