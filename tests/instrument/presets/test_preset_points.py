"""Presets with points anywhere, and those of before, which had four corners."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from instrument.control.corners import drawn_corners, resolve_corners
from instrument.notes.renderer import place_latent
from instrument.notes.target import GRID, make_target
from instrument.pad.pad_points import moved, removed
from instrument.presets.preset import Preset, PresetError, decode_preset, encode_preset
from instrument.values.status import Corner, Timbre
from model.latent import blend, pad_weights

LATENT = 6
RANDOM = np.random.default_rng(4)
OLD_CORNERS = [
    {
        "name": name,
        "z": [round(float(value), 4) for value in RANDOM.standard_normal(LATENT)],
        "timbre": name,
        "seed": None,
        "locked": name == "B",
        "glow": 0.5,
    }
    for name in "ABCD"
]


def old_text(**changes):
    """A preset as version 2 wrote it."""
    table = {
        "version": 2,
        "name": "Old",
        "model": {"name": "draft", "hash": "abc", "latent_space": ""},
        "corners": OLD_CORNERS,
        "pad_x": 0.25,
        "pad_y": 0.5,
        "future": {"of": ["a", "newer", "one"]},
    }
    return json.dumps(table | changes).encode()


class Space:
    """What `place_latent` asks of a model without axes."""

    latent_size = LATENT


def target_of(preset, x, y):
    points = preset.corners
    return make_target("abc", [p.z for p in points], x, y, places=[p.place for p in points])


def latent_of(target):
    return place_latent(Space(), target.latents, target.weights, target.leaning)


@given(x=st.integers(0, GRID), y=st.integers(0, GRID))
def test_an_old_preset_has_the_same_latent_at_every_place(x, y):
    x, y = x / GRID, y / GRID
    old = torch.tensor([corner["z"] for corner in OLD_CORNERS])
    expected = blend(old, pad_weights(x, y))  # as version 2 was played
    assert torch.equal(latent_of(target_of(decode_preset(old_text(), "it"), x, y)), expected)


def test_an_old_preset_keeps_what_its_corners_say_and_what_is_not_known():
    preset = decode_preset(old_text(), "it")
    assert [(p.name, p.timbre, p.locked, p.place) for p in preset.corners] == [
        (name, name, name == "B", None) for name in "ABCD"
    ]
    table = json.loads(encode_preset(preset))
    assert table["version"] == 3
    assert table["points"][2]["glow"] == 0.5
    assert table["future"] == {"of": ["a", "newer", "one"]}
    assert "corners" not in table


@pytest.mark.parametrize("corners", ["xxxx", [1, 2, 3, 4], [["A"]] * 4, OLD_CORNERS[:3], None])
def test_an_old_preset_with_wrong_corners_is_refused_in_a_line(corners):
    with pytest.raises(PresetError, match=r"^it[ :].*point") as raised:
        decode_preset(old_text(corners=corners), "it")
    assert "\n" not in str(raised.value)


places = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=16)


@given(places=places)
def test_any_number_of_points_comes_back_from_the_text(places):
    points = tuple(Corner(f"P{i}", (1.0, float(i)), place=p) for i, p in enumerate(places))
    preset = Preset(name="Free", corners=points)
    assert decode_preset(encode_preset(preset), "it") == preset


def points_at(*places):
    return [{"name": "x", "place": place} for place in places]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([], "0 timbre points; a pad has 1 to 16"),
        (points_at(*[[0.5, 0.5]] * 17), "17 timbre points; a pad has 1 to 16"),
        (points_at(None, None, None), "3 timbre points without a place; 4 stand in the corners"),
        (points_at([0.5, 0.5], None), "some of its timbre points have a place, and some have none"),
        (points_at([0.5, 1.5]), "place must be 0..1"),
        (points_at([0.5]), "`array` of length 2"),
        (points_at("here"), r"\$\.points\[0\]\.place"),
    ],
)
def test_points_that_no_pad_can_have_are_refused(points, reason):
    table = json.loads(encode_preset(Preset(corners=(Corner("x"),) * 4))) | {"points": points}
    with pytest.raises(PresetError, match=reason):
        decode_preset(json.dumps(table).encode(), "it")


FREE = moved(tuple(Corner(c["name"], tuple(c["z"])) for c in OLD_CORNERS), 1, 0.4, 0.3)


def test_a_finger_on_a_point_is_exactly_there_though_cells_are_coarse():
    assert target_of(Preset(corners=FREE), 0.4, 0.3).weights == (0.0, 1.0, 0.0, 0.0)


def test_a_point_that_is_dragged_asks_for_another_cell_of_the_same_latents():
    one = target_of(Preset(corners=FREE), 0.5, 0.5)
    other = target_of(Preset(corners=moved(FREE, 1, 0.8, 0.3)), 0.5, 0.5)
    assert one.latents == other.latents
    assert one.cell != other.cell


def test_one_point_alone_sounds_everywhere():
    alone = removed(removed(removed(FREE, 0), 0), 0)
    cells = {target_of(Preset(corners=alone), x, y).cell for x, y in ((0, 0), (0.3, 0.9), (1, 1))}
    assert len(cells) == 1


def test_leaning_is_another_cell_and_none_is_the_former():
    z = [(1.0, 2.0)]
    plain = make_target("abc", z, 0.5, 0.5)
    assert make_target("abc", z, 0.5, 0.5, leaning=()).cell == plain.cell
    leaned = {make_target("abc", z, 0.5, 0.5, leaning=(("attack", s),)).cell for s in (0.5, 1.0)}
    assert len(leaned | {plain.cell}) == 3


def test_points_of_another_models_preset_stay_where_they_are():
    timbres = [Timbre(name, "string", (float(i), 1.0)) for i, name in enumerate("ABCDEF")]
    named = tuple(
        Corner(name, (9.0,), timbre=name, locked=True, place=(0.1 * i, 0.5))
        for i, name in enumerate(("C", "A", "Tuba", "Nobody", "F", "Else"))
    )
    resolved = resolve_corners(named, timbres, 2, is_same_model=False)
    assert [point.place for point in resolved] == [point.place for point in named]
    assert [point.timbre for point in resolved[:2]] == ["C", "A"]
    assert all(point.locked and len(point.z) == 2 for point in resolved)
    drawn = drawn_corners(named, 2, is_same_space=False)
    assert [point.place for point in drawn] == [point.place for point in named]
