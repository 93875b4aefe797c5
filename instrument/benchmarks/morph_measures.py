"""A note's course: its level and its pitch over time, to compare a morphed note with its own two.

The pitch is that of all partials together. Each partial's phase, against that of its exact
harmonic, moves on from one window to the next by its own deviation; the pitch deviates by the mean
of these, re the partial's own frequency, each weighed by its power. A partial that is weak or gone
has no say, so that what changes is the timbre and not the measure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]
Values = NDArray[np.float64]

HOP_SECONDS = 0.005
LEVEL_SECONDS, LEVEL_PERIODS = 0.02, 4
PITCH_SECONDS, PITCH_PERIODS = 0.085, 8
N_PARTIALS = 16
HIGHEST_HZ = 6000.0
STEP_HOPS = 2  # of 5 ms
QUIET_DB = -60.0  # where it is softer, a note has no pitch to speak of
SILENT_DB = -80.0
NEAR_SECONDS = 0.05  # in which a note's own movement counts as being at the same moment
LATER_SECONDS = (0.1, 0.2, 0.3)  # when a note is compared with itself


@dataclass(frozen=True)
class Bounds:
    """Between what a course lies: float64 [time] each, or one number for all times.

    Attributes:
        lowest_db: Of the level.
        lowest_cents: Of the pitch; infinite where there is none.
        highest_cents: Likewise.
    """

    lowest_db: Values
    lowest_cents: Values
    highest_cents: Values


@dataclass(frozen=True)
class Course:
    """Level and pitch over time.

    Attributes:
        seconds: float64 [time], the middles of the windows.
        level_db: float64 [time], RMS in dB of full scale.
        cents: float64 [time], deviation from the exact pitch; NaN where there is none.
    """

    seconds: Values
    level_db: Values
    cents: Values

    def after(self, seconds: float) -> "Course":
        """Give the part from a moment on, less half a window."""
        first = int(np.searchsorted(self.seconds, seconds - LEVEL_SECONDS))
        return Course(self.seconds[first:], self.level_db[first:], self.cents[first:])

    def before(self, seconds: float) -> "Course":
        """Give the part up to a moment."""
        stop = int(np.searchsorted(self.seconds, seconds))
        return Course(self.seconds[:stop], self.level_db[:stop], self.cents[:stop])

    def bounds(self, seconds: float | None = None) -> "Bounds":
        """Give between what it lies.

        Args:
            seconds: How near in time to each moment; None: in all of it.
        """
        if seconds is None:
            known = self.cents[np.isfinite(self.cents)]
            least, most = (
                (float(known.min()), float(known.max())) if len(known) else (np.inf, -np.inf)
            )
            return Bounds(np.array(self.level_db.min()), np.array(least), np.array(most))
        n = round(seconds / HOP_SECONDS)
        return Bounds(_around(self.level_db, n)[0], *_around(self.cents, n))

    @property
    def most_step_db(self) -> float:
        """The greatest step of level in 10 ms, where it is heard."""
        floor = np.maximum(self.level_db, QUIET_DB)
        steps = np.abs(floor[STEP_HOPS:] - floor[:-STEP_HOPS])
        return float(steps.max(initial=0.0))


def course_of(wave: Wave, sample_rate: float, pitch: int) -> Course:
    """Measure a note.

    Args:
        wave: float32 [frame].
        sample_rate: In Hz.
        pitch: MIDI number.
    """
    f0 = 440.0 * 2.0 ** ((pitch - 69) / 12)
    hop = round(HOP_SECONDS * sample_rate)
    n_level = round(max(LEVEL_SECONDS, LEVEL_PERIODS / f0) * sample_rate)
    n_pitch = round(max(PITCH_SECONDS, PITCH_PERIODS / f0) * sample_rate)
    n_times = len(wave) // hop
    padded = np.pad(wave.astype(np.float64), n_pitch)
    middles = n_pitch + hop * np.arange(n_times)
    window = np.hanning(n_level + 1)[:-1]
    squares = padded**2
    power = np.array([squares[i - n_level // 2 :][:n_level] @ window for i in middles])
    level_db = 10 * np.log10(power / window.sum() + 1e-12)
    cents = _cents(padded, middles, n_pitch, f0, sample_rate)
    cents[level_db < QUIET_DB] = np.nan
    return Course(middles / sample_rate - n_pitch / sample_rate, level_db, cents)


def _cents(
    padded: Values, middles: NDArray[np.int64], n: int, f0: float, sample_rate: float
) -> Values:
    n_partials = max(1, min(N_PARTIALS, int(HIGHEST_HZ / f0)))
    numbers = np.arange(1, n_partials + 1)
    turns = np.exp(-2j * np.pi * np.outer(numbers * f0, np.arange(len(padded))) / sample_rate)
    window = np.hanning(n + 1)[:-1]
    partials = np.array(
        [
            (turns[:, i - n // 2 : i - n // 2 + n] * padded[i - n // 2 : i - n // 2 + n]) @ window
            for i in middles
        ]
    )
    steps = partials[STEP_HOPS:] * np.conj(partials[:-STEP_HOPS])
    weights, angles = np.abs(steps), np.angle(steps)
    seconds = STEP_HOPS * HOP_SECONDS
    share = (weights * angles / numbers).sum(1) / (weights.sum(1) + 1e-30)
    share /= 2 * np.pi * seconds * f0
    cents = 1200 * np.log2(np.maximum(1 + share, 0.5))
    half = STEP_HOPS // 2
    return np.pad(cents, (half, STEP_HOPS - half), mode="edge")


def dip_db(course: Course, first: Bounds, second: Bounds) -> float:
    """Give how far a level falls under what the softer of two others has, where it is heard."""
    lowest = np.minimum(first.lowest_db, second.lowest_db)
    return float((lowest - course.level_db)[course.level_db > SILENT_DB].max(initial=0.0))


def own_strays(course: Course, at_seconds: float, seconds: float) -> tuple[float, float]:
    """Give what `dip_db` and `outside_cents` would say of a note that is compared with itself.

    With itself a moment later, brought to the same mean level: so much it fluctuates.

    Args:
        course: Of the note alone; it goes on for `LATER_SECONDS` more than is compared.
        at_seconds: From when on.
        seconds: How long.
    """
    here = course.after(at_seconds).before(at_seconds + seconds)
    bounds = here.bounds(NEAR_SECONDS)
    strays = []
    for later in LATER_SECONDS:
        first = int(np.searchsorted(course.seconds, here.seconds[0] + later))
        stop = first + len(here.seconds)
        moved = Course(here.seconds, course.level_db[first:stop], course.cents[first:stop])
        strays.append(_strays(moved, here, bounds))
    return max(dip for dip, _ in strays), max(cents for _, cents in strays)


def wandering_strays(course: Course, first_seconds: float, seconds: float) -> tuple[float, float]:
    """Give the same of a note that wanders, where any moment is like another.

    Args:
        course: Of the note alone.
        first_seconds: When it begins to wander.
        seconds: Until when it counts as known; what comes later is compared with that.
    """
    here = course.after(first_seconds).before(seconds)
    return _strays(course.after(seconds), here, here.bounds())


def _strays(moved: Course, here: Course, bounds: Bounds) -> tuple[float, float]:
    level_db = moved.level_db + here.level_db.mean() - moved.level_db.mean()
    brought = Course(moved.seconds, level_db, moved.cents)
    return dip_db(brought, bounds, bounds), outside_cents(moved, bounds, bounds)


def outside_cents(course: Course, first: Bounds, second: Bounds) -> float:
    """Give how far a pitch strays outside what two others do, in cents."""
    low = np.minimum(first.lowest_cents, second.lowest_cents)
    high = np.maximum(first.highest_cents, second.highest_cents)
    outside = np.maximum(low - course.cents, course.cents - high)
    return float(np.maximum(outside[np.isfinite(outside)], 0.0).max(initial=0.0))


def _around(values: Values, n: int) -> tuple[Values, Values]:
    """Give the least and the greatest of values [time] up to `n` away from each."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, n, constant_values=np.nan), 2 * n + 1
    )
    least = np.where(np.isnan(windows), np.inf, windows).min(1)
    return least, np.where(np.isnan(windows), -np.inf, windows).max(1)
