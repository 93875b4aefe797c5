"""Finds where a note can be repeated while its key is held, and bakes the seam into its samples.

A note is 3 s held and 1 s released. Its steady part, from 1 s to 2.9 s, is searched for two
places where the wave runs alike; playing jumps from the second back to the first. The samples
before the second place fade into those before the first, so the jump itself is continuous. A
decaying note gets a gain below 1 for each jump and so decays on at its own rate; a note that
stays nearly level is made exactly level inside the loop, so that it can be held for ever.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]

EARLIEST_SECONDS = 1.0  # the attack is over
LATEST_SECONDS = 2.9  # the release, at 3 s, is not yet heard in the last window
SHORTEST_SECONDS = 0.5  # shorter loops are heard as a buzz or a flutter
FADE_SECONDS = 0.12
END_STEP_SECONDS = 0.15
N_ENDS = 5
SEARCH_HZ = 8000.0  # the coarse search: the highest pitch, 1047 Hz, and three harmonics
ENDED_DB = -50.0
LEVEL_DB_PER_SECOND = -1.0  # what falls more slowly counts as sustained
LENGTH_BONUS = 0.02  # in correlation per second: between equals, the longer loop
MISMATCH_MALUS = 0.02  # in correlation per dB of level step at the seam
GUARD_FRAMES = 64  # beyond the loop's end, for interpolation


@dataclass(frozen=True)
class Loop:
    """Where a note repeats.

    Attributes:
        loop_start: Frame where the repeated part begins.
        loop_end: Frame after its last; 0 when the note is not to be looped.
        loop_gain: Factor for each repetition, at most 1.
        correlation: How alike the wave is before both places, 0..1; shapes the cross-fade.
        tilt_db_per_second: What is added inside the loop so that a sustained note stays level.
    """

    loop_start: int
    loop_end: int
    loop_gain: float
    correlation: float = 1.0
    tilt_db_per_second: float = 0.0


NO_LOOP = Loop(0, 0, 1.0)


def find_loop(wave: Wave, sample_rate: float, pitch: int) -> Loop:
    """Find the sustain loop of a note.

    Args:
        wave: float32 [frame], from the note's beginning.
        sample_rate: In Hz.
        pitch: MIDI number; a loop is no shorter than some dozens of its periods.

    Returns:
        The loop, or `NO_LOOP` for a note that is too short or has ended by itself.
    """
    latest = min(LATEST_SECONDS, len(wave) / sample_rate - GUARD_FRAMES / sample_rate)
    if latest < EARLIEST_SECONDS + FADE_SECONDS + 2 * SHORTEST_SECONDS or _has_ended(
        wave, sample_rate
    ):
        return NO_LOOP
    slope_db = _slope_db_per_second(wave, sample_rate, latest)
    start, end, correlation = _best_seam(wave, sample_rate, pitch, latest, slope_db)
    seconds = (end - start) / sample_rate
    if slope_db > LEVEL_DB_PER_SECOND:
        return Loop(start, end, 1.0, correlation, -slope_db)
    return Loop(start, end, float(10 ** (slope_db * seconds / 20)), correlation)


def bake_loop(wave: Wave, loop: Loop, sample_rate: float) -> Wave:
    """Cross-fade the end of a loop into what comes before its start.

    Args:
        wave: float32 [frame].
        loop: From `find_loop` of the same wave.
        sample_rate: In Hz.

    Returns:
        float32 [frame]: the note up to the loop's end and `GUARD_FRAMES` more, which repeat the
        loop's first frames at `loop_gain`. Without a loop, the wave as it is.
    """
    if loop.loop_end == 0:
        return wave
    start, end = loop.loop_start, loop.loop_end
    n_fade = min(round(FADE_SECONDS * sample_rate), start, end - start)
    baked = wave[: end + GUARD_FRAMES].copy()
    if loop.tilt_db_per_second:
        baked[start:end] *= _ramp(end - start, loop.tilt_db_per_second / sample_rate)
    later, sooner = _cross_fade(n_fade, loop.correlation)
    seam = baked[end - n_fade : end]
    seam *= later
    seam += sooner * loop.loop_gain * wave[start - n_fade : start]
    baked[end:] = loop.loop_gain * baked[start : start + GUARD_FRAMES]
    return baked


def _cross_fade(n: int, correlation: float) -> tuple[Wave, Wave]:
    """Give falling and rising weights that keep the level of waves of this correlation.

    Equal gain for a correlation of 1, equal power for 0, and what lies between for the rest.
    """
    way = np.arange(1, n + 1, dtype=np.float32) / np.float32(n + 1)
    rising = 0.5 - 0.5 * np.cos(np.float32(np.pi) * way)
    falling = 1 - rising
    level = np.sqrt(falling**2 + rising**2 + np.float32(2 * correlation) * falling * rising)
    return falling / level, rising / level


def _ramp(n: int, db_per_frame: float) -> Wave:
    return np.exp(np.arange(n, dtype=np.float32) * np.float32(db_per_frame * np.log(10) / 20))


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


def _slope_db_per_second(wave: Wave, sample_rate: float, latest: float) -> float:
    """Give how the level moves through the steady part: a straight line through decibels."""
    window = round(0.05 * sample_rate)
    steady = wave[round(EARLIEST_SECONDS * sample_rate) : round(latest * sample_rate)]
    level_db = 20 * np.log10(_rms(steady, window) + 1e-9)
    seconds = np.arange(len(level_db)) * (window / sample_rate)
    return float(np.polyfit(seconds, level_db, 1)[0])


def _best_seam(
    wave: Wave, sample_rate: float, pitch: int, latest: float, slope_db: float
) -> tuple[int, int, float]:
    """Find the two places that are most alike: start, end (frames), and their correlation."""
    step = max(1, int(sample_rate / SEARCH_HZ))
    rate = sample_rate / step
    steady = wave[: round(latest * sample_rate) // step * step]
    coarse = steady.reshape(-1, step).mean(axis=1)
    coarse *= _ramp(len(coarse), -slope_db / rate)  # a decaying note is compared as if level
    n_fade = round(FADE_SECONDS * rate)
    first = round(EARLIEST_SECONDS * rate)  # where the earliest loop's fade-in begins
    shortest = round(max(SHORTEST_SECONDS, 24 / _hz(pitch)) * rate)

    best = (-np.inf, first + n_fade, len(coarse))
    for i in range(N_ENDS):
        end = len(coarse) - round(i * END_STEP_SECONDS * rate)
        n_starts = end - shortest - n_fade - first
        if n_starts < 1:
            break
        score, start = _best_start(coarse, first, n_starts, end, n_fade, rate)
        best = max(best, (score, start, end))
    _, start, end = best
    return _refine(wave, start * step, end * step, step, round(FADE_SECONDS * sample_rate))


def _best_start(
    coarse: Wave, first: int, n_starts: int, end: int, n_fade: int, rate: float
) -> tuple[float, int]:
    """Find the loop start that suits one loop end best: score and place."""
    template = coarse[end - n_fade : end]
    searched = coarse[first : first + n_starts + n_fade]
    dot = _correlate(searched, template)[: n_starts + 1]
    squares = np.concatenate(([0.0], np.cumsum(searched.astype(np.float64) ** 2)))
    energy = np.maximum(squares[n_fade:] - squares[:-n_fade], 1e-12)
    own = max(float(template @ template), 1e-12)
    correlation = dot / np.sqrt(energy * own)
    mismatch_db = np.abs(10 * np.log10(energy / own))
    places = first + n_fade + np.arange(len(correlation))
    score = correlation - MISMATCH_MALUS * mismatch_db + LENGTH_BONUS * (end - places) / rate
    best = int(np.argmax(score))
    return float(score[best]), int(places[best])


def _correlate(searched: Wave, template: Wave) -> NDArray[np.float64]:
    """Give the product of the template with every stretch it fits on."""
    n = 1 << (len(searched) - 1).bit_length()  # what wraps round is not given
    spectrum = np.fft.rfft(searched, n) * np.conj(np.fft.rfft(template, n))
    return np.fft.irfft(spectrum, n)[: len(searched) - len(template) + 1]


def _refine(wave: Wave, start: int, end: int, step: int, n_fade: int) -> tuple[int, int, float]:
    """Move a loop's start by less than a step of the coarse search, to the best frame."""
    reach = 2 * step
    template = wave[end - n_fade : end]
    searched = wave[start - n_fade - reach : start + reach]
    dot = np.correlate(searched, template, "valid")
    best = int(np.argmax(dot))
    found = searched[best : best + n_fade]
    level = float(np.sqrt((found @ found) * (template @ template)))
    correlation = float(dot[best]) / level if level > 0 else 0.0
    return start - reach + best, end, min(max(correlation, 0.0), 1.0)


def _hz(pitch: int) -> float:
    return float(440.0 * 2 ** ((pitch - 69) / 12))
