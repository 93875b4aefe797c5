import numpy as np
import pytest

from tests.train.evaluation.tones import RATE, tone
from train.evaluation.faults import Faults, find_faults


def clicked(level: float) -> np.ndarray:
    wave = tone(60).copy()
    wave[2 * RATE] += level
    return wave


@pytest.mark.parametrize("pitch", [28, 60, 84])
@pytest.mark.parametrize("partials", [1, 60])
def test_tone_has_no_faults(pitch, partials):
    assert find_faults(tone(pitch, partials=partials), RATE) == Faults()


@pytest.mark.parametrize(
    ("wave", "fault"),
    [
        (np.zeros(RATE, np.float32), "silent"),
        (0.005 * tone(60), "silent"),
        (np.eye(1, 4 * RATE, 100, dtype=np.float32)[0], "silent"),
        (np.full(RATE, np.nan, np.float32), "silent"),
        (np.zeros(0, np.float32), "silent"),
        (1.25 * tone(60), "clipped"),
        (-1.25 * tone(60), "clipped"),
        (tone(60) + 0.01, "dc"),
        (tone(60) - 0.01, "dc"),
        (tone(60)[200:], "jumps"),
        (tone(60, decay=0)[: 3 * RATE + 40], "jumps"),
        (clicked(0.2), "clicks"),
        (clicked(-0.05), "clicks"),
    ],
)
def test_fault_is_found(wave, fault):
    faults = find_faults(wave.astype(np.float32), RATE)
    assert getattr(faults, fault)


def test_click_is_the_only_fault_of_a_note_with_a_click():
    assert find_faults(clicked(0.2), RATE) == Faults(clicks=True)


def test_little_dc_is_no_fault():
    assert not find_faults(tone(60) + np.float32(0.0005), RATE).dc


def test_short_note_is_not_silent():
    plucked = np.pad(tone(60, seconds=0.05), (0, 4 * RATE))
    assert find_faults(plucked, RATE) == Faults()


def test_second_stroke_is_no_click():
    first, second = tone(60, decay=3), tone(60, decay=3)
    stroke = first + np.pad(second, (RATE, 0))[: first.size]
    assert not find_faults(stroke, RATE).clicks
