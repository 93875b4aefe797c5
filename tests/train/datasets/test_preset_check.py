"""Which presets are in tune, though the ear that listens takes octaves for one another."""

import pytest

from train.datasets.preset_check import PresetCheck, reason_heard

OCTAVE = 1200.0
Cents = tuple[float | None, ...]


def reason(cents: Cents) -> str | None:
    numbers = dict(zip((36, 48, 60, 72, 84), cents, strict=False))
    return reason_heard(PresetCheck(silent=False, digest="", cents=numbers), twin=None)


@pytest.mark.parametrize(
    "cents",
    [
        (0.0, 3.0, -4.0, 49.0, -50.0),
        (-OCTAVE, 0.0, 0.0, 0.0, 0.0),  # a grand piano
        (0.0, 0.0, 0.0, -OCTAVE, -2 * OCTAVE),  # a church organ
        (0.0, 0.0, 0.0, 0.0, None),  # a contrabass
        (82.0, 0.0, 0.0, 0.0, 0.0),
        (0.0,),
    ],
)
def test_octaves_and_one_slip_of_the_ear_do_not_count(cents: Cents) -> None:
    assert reason(cents) is None


@pytest.mark.parametrize(
    "cents",
    [
        (-OCTAVE, -OCTAVE, -OCTAVE, 0.0, 0.0),  # most notes are an octave off: it sounds so
        (700.0, 700.0, 700.0, 700.0, 700.0),
        (0.0, 0.0, 0.0, 138.0, None),
        (None, None, None, None, None),
        (OCTAVE,),
        (None,),
    ],
)
def test_other_pitches_do(cents: Cents) -> None:
    assert str(reason(cents)).startswith("out of tune: ")


def test_the_reason_names_what_was_heard() -> None:
    text = "out of tune: -1200 cents at 48, no pitch at 72, +60 cents at 84"
    assert reason((0.0, -OCTAVE, 0.0, None, 60.0)) == text
