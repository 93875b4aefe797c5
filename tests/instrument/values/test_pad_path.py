import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.presets.preset import Preset, PresetError, decode_preset, encode_preset
from instrument.values.pad_path import MOST_POINTS, TOLERANCE, PadPath, path_of
from instrument.values.status import Corner

CORNERS = (Corner(name="a", z=(1.0,)),) * 4
SQUARE = PadPath(((0.0, 0.0, 0.0), (0.25, 1.0, 0.0), (0.5, 1.0, 1.0), (1.0, 0.0, 1.0)))
strokes = st.lists(
    st.tuples(st.floats(0.001, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    min_size=2,
    max_size=60,
).map(
    lambda steps: [
        (sum(step[0] for step in steps[: i + 1]), x, y) for i, (_, x, y) in enumerate(steps)
    ]
)


def test_it_goes_straight_from_point_to_point():
    assert SQUARE.place(0.0) == (0.0, 0.0)
    assert SQUARE.place(0.125) == (0.5, 0.0)
    assert SQUARE.place(0.75) == (0.5, 1.0)
    assert SQUARE.place(1.0) == (0.0, 1.0)
    assert SQUARE.place(-1.0) == (0.0, 0.0)
    assert SQUARE.place(2.0) == (0.0, 1.0)


@given(strokes)
def test_a_recorded_path_is_where_the_finger_was_when_it_was(samples):
    path = path_of(samples, is_even=False)
    if path is None:
        assert len({sample[1:] for sample in samples}) == 1
        return
    assert path.problem() == ""
    begin, length = samples[0][0], samples[-1][0] - samples[0][0]
    for time, x, y in samples:
        # of each point 4 decimals are kept of places and 8 of times
        assert math.dist(path.place((time - begin) / length), (x, y)) < TOLERANCE + 0.001


@given(strokes)
def test_a_drawn_path_goes_at_an_even_pace(samples):
    path = path_of(samples, is_even=True)
    if path is None:
        return
    assert path.problem() == ""
    way = sum(math.dist(a[1:], b[1:]) for a, b in itertools.pairwise(samples))
    for share in (0.1, 0.4, 0.7):
        step = math.dist(path.place(share), path.place(share + 0.01))
        assert step <= 0.01 * way * 1.001 + 2 * TOLERANCE + 0.001


def test_a_finger_that_rested_makes_no_path():
    assert path_of([(0.0, 0.5, 0.5), (1.0, 0.5, 0.5)], is_even=False) is None
    assert path_of([], is_even=True) is None


def test_a_long_scribble_is_told_by_no_more_points_than_a_preset_may_hold():
    samples = [(0.01 * i, (i * 0.618) % 1.0, (i * 0.414) % 1.0) for i in range(3000)]
    path = path_of(samples, is_even=False)
    assert len(path.points) <= MOST_POINTS
    assert path.problem() == ""


def test_a_straight_stroke_is_two_points():
    samples = [(0.033 * i, 0.1 + 0.02 * i, 0.9 - 0.01 * i) for i in range(31)]
    assert len(path_of(samples, is_even=False).points) == 2


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ((), "0 points"),
        (((0.0, 0.0, 0.0),), "1 points"),
        (((0.0, 0.0, 0.0), (0.5, 1.0, 1.0)), "rise from 0 to 1"),
        (((0.0, 0.0, 0.0), (0.5, 1.0, 1.0), (0.5, 0.2, 0.2), (1.0, 0.0, 0.0)), "rise from 0"),
        (((0.0, 0.0, 0.0), (1.0, 1.2, 0.0)), "leaves the pad"),
        (((0.0, 0.0, 0.0), (1.0, float("nan"), 0.0)), "leaves the pad"),
    ],
)
def test_a_path_that_is_none_says_why(points, words):
    assert words in PadPath(points).problem()


def test_another_version_is_refused():
    assert "version 2" in msgspec.structs.replace(SQUARE, version=2).problem()


def test_a_preset_keeps_its_path():
    preset = Preset(corners=CORNERS, path=SQUARE)
    assert decode_preset(encode_preset(preset), "x").path == SQUARE


def test_a_preset_without_a_path_has_none():
    text = encode_preset(Preset(corners=CORNERS)).replace(b',\n  "path": null', b"")
    assert b'path"' not in text
    assert decode_preset(text, "x").path is None


@pytest.mark.parametrize(
    "path", [b'{"points": [[0, 2, 0], [1, 0, 0]]}', b'{"points": [], "speed": 1}', b'"square"']
)
def test_a_preset_with_a_bad_path_is_refused_with_one_line(path):
    text = encode_preset(Preset(corners=CORNERS)).replace(b'"path": null', b'"path": ' + path)
    with pytest.raises(PresetError, match=r"my\.json") as caught:
        decode_preset(text, "my.json")
    assert "\n" not in str(caught.value)
