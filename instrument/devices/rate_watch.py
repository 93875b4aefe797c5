"""Sees when a device runs at another rate than it was opened at.

Some systems change a running device's rate for another program, and say nothing: the sound goes on
a tone too high. What shows is that the frames are asked for at another pace.
"""

WINDOW_SECONDS = 0.5
TOLERANCE = 0.015  # a machine that is late asks too slowly, but hardly ever by as much as twice
USUAL_RATES = (
    *(8000.0, 11025.0, 16000.0, 22050.0, 32000.0, 44100.0, 48000.0),
    *(88200.0, 96000.0, 176400.0, 192000.0, 352800.0, 384000.0),
)
"""In Hz: those that devices have."""


class RateWatch:
    """Holds the pace of a device's frames against the rates that devices have."""

    def __init__(self, sample_rate: float) -> None:
        """Watch a device that was opened at a rate, in Hz."""
        self._sample_rate = sample_rate
        self._start: tuple[float, int] | None = None
        self._before = 0.0  # the usual rate of the window before; 0: none

    def look(self, seconds: float, n_frames: int) -> float | None:
        """Say at which other rate the device has run for two windows, in Hz; else None.

        Args:
            seconds: When it asked for a block.
            n_frames: That it had asked for until then.
        """
        if self._start is None:
            self._start = (seconds, n_frames)
        since = seconds - self._start[0]
        if since < WINDOW_SECONDS:
            return None
        pace = (n_frames - self._start[1]) / since
        self._start = (seconds, n_frames)
        near = min(USUAL_RATES, key=lambda rate: abs(rate - pace))
        before, self._before = self._before, near if _is_near(pace, near) else 0.0
        is_other = self._before > 0.0 and not _is_near(self._sample_rate, near, 2.0 * TOLERANCE)
        return near if is_other and before == near else None


def _is_near(pace: float, rate: float, tolerance: float = TOLERANCE) -> bool:
    return abs(pace - rate) < tolerance * rate
