"""How well in tune the pad's places are: measured on notes that have been rendered anyway."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from instrument.pad.nearness import Place

Wave = NDArray[np.float32]

IN_TUNE_CENTS = 25.0  # a listener hears about 10; a voice's own vibrato is as wide
SKIPPED_SECONDS, HEARD_SECONDS = 0.1, 0.35
MEASURED_SECONDS = SKIPPED_SECONDS + HEARD_SECONDS
SEARCHED_SEMITONES = 1.5
LEAST_PERIODICITY = 0.5  # of the autocorrelation: below, it is noise and no pitch can be wrong
MOST_PERIODS = 4
SILENT = 1e-4
MOST_PLACES = 96
MOST_PITCHES = 8  # that are measured at a place
_FEWEST_PERIODS = 3.0


def cents_off(wave: Wave, sample_rate: float, pitch: int) -> float | None:
    """Measure how far a note is from its pitch.

    The period is looked for within a semitone and a half of where it should be, so an octave's
    error is none: it is still the note that was asked for.

    Args:
        wave: float32 [frame], from the note's beginning.
        sample_rate: In Hz.
        pitch: MIDI note.

    Returns:
        Cents, positive where it is too high; 1200 where it has no such period but is not noise;
        None where it is silent, too short or noise.

    Source: de Cheveigné and Kawahara, "YIN", 2002: the period of a normalised autocorrelation,
    interpolated by a parabola.
    """
    start = round(SKIPPED_SECONDS * sample_rate)
    part = np.asarray(wave[start : start + round(HEARD_SECONDS * sample_rate)], np.float64)
    period = sample_rate / (440.0 * 2.0 ** ((pitch - 69) / 12.0))
    if len(part) < _FEWEST_PERIODS * period or float(np.abs(part).max()) < SILENT:
        return None
    # a few periods at once, so that a short one is read finely; more would be mistaken for fewer
    n_periods = max(1, min(MOST_PERIODS, int(0.25 * len(part) / period)))
    ratio = 2.0 ** (SEARCHED_SEMITONES / 12.0)
    lags = np.arange(
        math.floor(n_periods * period / ratio) - 1, math.ceil(n_periods * period * ratio) + 2
    )
    lags = lags[(lags > 0) & (lags < len(part) - 1)]
    if len(lags) < 3:
        return None
    likeness = _likeness(part, lags)
    best = int(likeness.argmax())
    once = round(float(lags[best]) / n_periods)  # else a fifth's sixth period would do for a fourth
    single = _likeness(part, np.arange(max(once - 1, 1), once + 2)).max()
    if min(float(likeness[best]), float(single)) < LEAST_PERIODICITY:
        everywhere = _likeness(part, np.arange(int(period / 4), len(part) // 2))
        return 1200.0 if float(everywhere.max()) > 0.9 else None
    lag = float(lags[best])
    if 0 < best < len(lags) - 1:
        left, middle, right = likeness[best - 1 : best + 2]
        bend = left - 2.0 * middle + right
        lag += 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    return 1200.0 * math.log2(n_periods * period / lag)


def _likeness(part: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give how alike a wave is to itself some frames later: 1 is the same, float64 [lag]."""
    n = 1 << (2 * len(part) - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(part, n)) ** 2, n)[lags]
    energy = np.concatenate([[0.0], np.cumsum(part**2)])
    early, late = energy[len(part) - lags], energy[-1] - energy[lags]
    return np.asarray(products / np.maximum(np.sqrt(early * late), 1e-12))


def share_in_tune(waves: Sequence[tuple[int, Wave]], sample_rate: float) -> float | None:
    """Give the share of notes that are in tune, 0..1; None where none of them has a pitch.

    Args:
        waves: MIDI note and float32 [frame] of each.
        sample_rate: In Hz.
    """
    measured = (cents_off(wave, sample_rate, pitch) for pitch, wave in waves)
    known = [abs(cents) <= IN_TUNE_CENTS for cents in measured if cents is not None]
    return sum(known) / len(known) if known else None


class Playability:
    """What is known of the places of one pad: the last that were measured.

    Measures on a thread of its own, one place after the other; its methods are for one thread.
    """

    def __init__(self) -> None:
        self._pad: object = None
        self._shares: OrderedDict[Place, float] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="playability")
        self._measuring: tuple[Future[float | None], object, Place] | None = None

    def measure(self, place: Place, waves: Sequence[tuple[int, Wave]], sample_rate: float) -> None:
        """Begin to measure the notes of a place, as `share_in_tune` takes them."""
        job = self._worker.submit(share_in_tune, waves, sample_rate)
        self._measuring = (job, self._pad, place)

    def look(self) -> bool:
        """Take what has been measured; tells whether another place can be."""
        if self._measuring is None:
            return True
        job, pad, place = self._measuring
        if not job.done():
            return False
        self._measuring = None
        share = job.result()
        self.note(pad, place, 1.0 if share is None else share)  # noise is never out of tune
        return True

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def show_pad(self, pad: object) -> None:
        """Forget all when the pad is another one."""
        if pad != self._pad:
            self._pad = pad
            self._shares.clear()

    def knows(self, place: Place) -> bool:
        """Whether a place has been measured."""
        return place in self._shares

    def note(self, pad: object, place: Place, share: float) -> None:
        """Take what was measured at a place, if the pad is still the same."""
        if pad == self._pad:
            self._shares[place] = share
            if len(self._shares) > MOST_PLACES:
                self._shares.popitem(last=False)

    @property
    def marks(self) -> tuple[tuple[float, float, float], ...]:
        """Every place that is known: x, y, share of its notes that are in tune."""
        return tuple((x, y, share) for (x, y), share in self._shares.items())
