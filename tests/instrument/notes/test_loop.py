"""Steady parts and ways back: what is alike is found, what has ended is left alone."""

import numpy as np
import pytest

from instrument.notes.loop import (
    FADE_SECONDS,
    SHORTEST_SECONDS,
    Seam,
    Wave,
    find_seams,
    find_steady,
)

RATE = 48000


def note(
    hz: float = 261.63, *, decay_db: float = 0.0, vibrato_hz: float = 0.0, rate: int = RATE
) -> Wave:
    """A made-up note of the model's form: 3 s held, 1 s release; float32 [frame]."""
    time = np.arange(4 * rate) / rate
    wobble = vibrato_hz / 5.3 * np.sin(2 * np.pi * 5.3 * time)
    wave = sum(np.sin(2 * np.pi * k * hz * time + k * wobble + k) / k for k in range(1, 10))
    wave *= 10 ** (-decay_db * time / 20) * np.clip(4 - time, 0, 1) * np.clip(time / 0.01, 0, 1)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


def seams_of(wave: Wave, rate: int = RATE) -> tuple[Seam, ...]:
    steady = find_steady(wave, rate)
    assert steady is not None
    return find_seams(wave[steady.start : steady.end], steady.start, steady.end, rate)


@pytest.mark.parametrize("hz", [32.7, 110.0, 261.63, 1046.5])
def test_ways_back_of_a_steady_tone_are_whole_periods(hz: float) -> None:
    for seam in seams_of(note(hz)):
        periods = (seam.end - seam.start) / RATE * hz
        assert periods == pytest.approx(round(periods), abs=0.02)
        assert seam.correlation > 0.99


def test_ways_back_of_a_vibrato_are_whole_swings() -> None:
    seams = [seam for seam in seams_of(note(vibrato_hz=4)) if seam.correlation > 0.97]
    assert len(seams) > 5
    for seam in seams:
        swings = (seam.end - seam.start) / RATE * 5.3
        assert swings == pytest.approx(round(swings), abs=0.05)


def test_noise_has_nothing_alike() -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 4 * RATE).astype(np.float32)
    assert max(seam.correlation for seam in seams_of(noise)) < 0.2


@pytest.mark.parametrize("rate", [32000, 44100, 48000, 96000])
def test_ways_back_lie_in_the_steady_part_and_are_many_and_long(rate: int) -> None:
    seams = seams_of(note(rate=rate), rate)
    assert len(seams) >= 12
    for seam in seams:
        assert 1.0 * rate <= seam.start - FADE_SECONDS * rate + 8
        assert seam.end <= 2.9 * rate
        assert seam.end - seam.start >= SHORTEST_SECONDS * rate - 8


def test_ways_back_have_many_lengths() -> None:
    breath = 0.1 * np.random.default_rng(1).standard_normal(4 * RATE).astype(np.float32)
    lengths = [seam.end - seam.start for seam in seams_of(note() + breath)]
    assert len(set(lengths)) > 8
    assert np.ptp(lengths) > 0.5 * RATE


@pytest.mark.parametrize("decay_db", [3.0, 8.0, 15.0])
def test_decay_in_the_steady_part_is_found(decay_db: float) -> None:
    steady = find_steady(note(decay_db=decay_db), RATE)
    assert steady is not None
    seconds = (steady.end - steady.start) / RATE
    assert 20 * np.log10(steady.gain) == pytest.approx(-decay_db * seconds, abs=0.3)


@pytest.mark.parametrize("decay_db", [-4.0, 0.0, 0.5])
def test_what_swells_or_hardly_falls_counts_as_level(decay_db: float) -> None:
    steady = find_steady(note(decay_db=decay_db), RATE)
    assert steady is not None
    assert steady.gain == 1.0


def test_note_that_has_ended_has_no_steady_part() -> None:
    assert find_steady(note(decay_db=30.0), RATE) is None


@pytest.mark.parametrize("seconds", [0.0, 0.6, 2.0])
def test_note_that_is_too_short_has_no_steady_part(seconds: float) -> None:
    assert find_steady(note()[: round(seconds * RATE)], RATE) is None


def test_silence_has_no_steady_part() -> None:
    assert find_steady(np.zeros(4 * RATE, np.float32), RATE) is None
