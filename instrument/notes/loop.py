"""Finds where a note's steady part can go back on itself while its key is held.

A note is 3 s held and 1 s released. Its steady part, from 1 s to 2.9 s, is searched for pairs of
places where the wave runs alike: at each the player may jump from the later to the sooner,
cross-fading. There are a dozen and more of them, so that a held note need not repeat itself in
step: what comes back at even times is heard as a pulse, however smooth its seam.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]

EARLIEST_SECONDS = 1.0  # the attack is over
LATEST_SECONDS = 2.9  # the release, at 3 s, is not yet heard in the last window
ENTER_SECONDS = 0.5  # before the steady part's end the note begins to be played on
SHORTEST_SECONDS = 0.4  # jumps further back than that; shorter ones are heard as a flutter
FADE_SECONDS = 0.12
END_STEP_SECONDS = 0.083  # no simple fraction of a second: jumps keep no time
N_ENDS = 10
N_STARTS = 2  # for each end
APART_SECONDS = 0.15  # the starts for one end
SEARCH_HZ = 8000.0  # the coarse search: the highest pitch, 1047 Hz, and three harmonics
ENDED_DB = -50.0
LEVEL_DB_PER_SECOND = -1.0  # what falls more slowly counts as sustained
USED = -2.0  # score of a start that is taken; correlations are not so low


@dataclass(frozen=True)
class Seam:
    """A way back: where the sound goes on at `start` as it would at `end`.

    Attributes:
        end: Frame before which the cross-fade is over.
        start: Frame that then follows.
        correlation: How alike the wave is before both, 0..1; shapes the cross-fade.
    """

    end: int
    start: int
    correlation: float


@dataclass(frozen=True)
class Steady:
    """A note's steady part.

    Attributes:
        start: Its first frame.
        end: The frame after its last.
        enter: Frame from which a held note is played on.
        gain: How its level changes from start to end; 1 for a note that is sustained.
    """

    start: int
    end: int
    enter: int
    gain: float


def find_steady(wave: Wave, sample_rate: float) -> Steady | None:
    """Find the steady part of a note; None for one that is too short or has ended by itself.

    Args:
        wave: float32 [frame], from the note's beginning.
        sample_rate: In Hz.
    """
    latest = min(LATEST_SECONDS, len(wave) / sample_rate)
    shortest = EARLIEST_SECONDS + ENTER_SECONDS + 2 * SHORTEST_SECONDS
    if latest < shortest or _has_ended(wave, sample_rate):
        return None
    start, end = round(EARLIEST_SECONDS * sample_rate), int(latest * sample_rate)
    slope_db = _slope_db_per_second(wave[start:end], sample_rate)
    enter = end - round(ENTER_SECONDS * sample_rate)
    if slope_db > LEVEL_DB_PER_SECOND:
        return Steady(start, end, enter, 1.0)
    return Steady(start, end, enter, float(10 ** (slope_db * (end - start) / sample_rate / 20)))


def find_seams(texture: Wave, first_frame: int, end: int, sample_rate: float) -> tuple[Seam, ...]:
    """Find the ways back in the steady part of a note.

    Args:
        texture: float32 [frame], of an even level: the steady part and what follows it.
        first_frame: The moment of the note at which it begins; seams are told as such moments.
        end: The steady part's end, likewise.
        sample_rate: In Hz.

    Returns:
        Up to `N_ENDS` * `N_STARTS` seams; at least one.
    """
    step = max(1, int(sample_rate / SEARCH_HZ))
    rate = sample_rate / step
    n = (end - first_frame) // step
    bright = _brighten(texture[: n * step].reshape(-1, step).mean(axis=1))
    fade, shortest = round(FADE_SECONDS * rate), round(SHORTEST_SECONDS * rate)
    ends = [n - round(i * END_STEP_SECONDS * rate) for i in range(N_ENDS)]
    ends = [place for place in ends if place - shortest - 2 * fade >= 0]
    scores = alikeness(bright, [bright[place - fade : place] for place in ends])
    fine = _brighten(texture[: n * step])
    seams = []
    for place, score in zip(ends, scores, strict=True):
        possible = score[: place - shortest - 2 * fade + 1].copy()
        for _ in range(N_STARTS):
            best = int(np.argmax(possible))
            if possible[best] == USED:
                break
            seams.append(_refine(fine, texture, (best + fade) * step, place * step, step, fade))
            apart = round(APART_SECONDS * rate)
            possible[max(best - apart, 0) : best + apart] = USED
    return tuple(Seam(s.end + first_frame, s.start + first_frame, s.correlation) for s in seams)


def _brighten(wave: Wave) -> Wave:
    """Let the upper harmonics, which are softer, have their say in what is alike."""
    bright = wave.copy()
    bright[1:] -= np.float32(0.6) * wave[:-1]
    return bright


def alikeness(searched: Wave, templates: list[Wave]) -> NDArray[np.float32]:
    """Give the correlation of each template with every stretch: float32 [template, place]."""
    n_window = len(templates[0])
    n = 1 << (len(searched) - 1).bit_length()  # what wraps round is not given
    spectrum = np.fft.rfft(searched, n)
    dot = np.fft.irfft(spectrum * np.conj(np.fft.rfft(np.array(templates), n)), n)
    dot = dot[:, : len(searched) - n_window + 1]
    squares = np.concatenate(([0.0], np.cumsum(searched.astype(np.float64) ** 2)))
    energy = np.maximum(squares[n_window:] - squares[:-n_window], 1e-12)
    own = np.array([max(float(template @ template), 1e-12) for template in templates])
    return np.asarray(dot / np.sqrt(energy * own[:, None]), np.float32)


def _refine(fine: Wave, wave: Wave, start: int, end: int, step: int, n_fade: int) -> Seam:
    """Move a seam's start by less than a step of the coarse search, to the best frame."""
    reach, n = min(2 * step, start - n_fade * step), n_fade * step
    template = fine[end - n : end]
    searched = fine[start - n - reach : start + 2 * step]
    start += int(np.argmax(np.correlate(searched, template, "valid"))) - reach
    ours, other = wave[end - n : end], wave[start - n : start]
    level = float(np.sqrt((ours @ ours) * (other @ other)))
    correlation = float(ours @ other) / level if level > 0 else 0.0
    return Seam(end, start, min(max(correlation, 0.0), 1.0))


def _has_ended(wave: Wave, sample_rate: float) -> bool:
    window = round(0.05 * sample_rate)
    late = wave[round(2.4 * sample_rate) : round(2.6 * sample_rate)]
    if len(late) < window:
        return True
    loudest = np.max(_rms(wave, window))
    return bool(np.max(_rms(late, window)) <= loudest * 10 ** (ENDED_DB / 20))


def _rms(wave: Wave, window: int) -> NDArray[np.float32]:
    """Give the level of each stretch of `window` frames."""
    whole = wave[: len(wave) // window * window].reshape(-1, window)
    return np.sqrt(np.einsum("ij,ij->i", whole, whole) / window)


def _slope_db_per_second(steady: Wave, sample_rate: float) -> float:
    """Give how the level moves through the steady part: a straight line through decibels."""
    window = round(0.05 * sample_rate)
    level_db = 20 * np.log10(_rms(steady, window) + 1e-9)
    seconds = np.arange(len(level_db)) * (window / sample_rate)
    return float(np.polyfit(seconds, level_db, 1)[0])
