import math

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from instrument.pad.nearness import CORNER_PLACES, MOST_POINTS
from instrument.pad.pad_points import (
    added,
    are_in_corners,
    blend,
    moved,
    places_of,
    point_at,
    put_into_corners,
    removed,
    set_free,
    weights_at,
)
from instrument.values.status import Corner
from model import latent


def z_of(number):
    return tuple(math.sin(3 * number + 1.7 * k) for k in range(8))


CORNERS = tuple(Corner(name, z_of(i)) for i, name in enumerate(("A", "B", "C", "D")))
number = st.floats(0, 1)


@given(
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=6),
    parts=st.lists(st.floats(0, 1), min_size=6, max_size=6),
)
def test_latents_are_mixed_as_the_renderer_mixes_them(seeds, parts):
    parts = parts[: len(seeds)]
    whole = math.fsum(parts)
    weights = [part / whole for part in parts] if whole > 1e-3 else [1 / len(seeds)] * len(seeds)
    latents = [z_of(seed) for seed in seeds]
    expected = latent.blend(*(torch.tensor(x, dtype=torch.float64) for x in (latents, weights)))
    assert blend(latents, weights) == pytest.approx(expected.tolist(), abs=1e-9)


def test_opposite_latents_are_no_nan_but_the_heavier_one():
    one = z_of(1)
    other = tuple(-value for value in one)
    assert blend([one, other], [0.5, 0.5]) == pytest.approx(one)


def test_what_is_moved_is_free_and_the_others_stay_where_they_are_seen():
    free = moved(CORNERS, 2, 0.25, 0.75)
    assert places_of(free) == ((0.0, 0.0), (1.0, 0.0), (0.25, 0.75), (1.0, 1.0))
    assert not are_in_corners(free)
    assert [point.z for point in free] == [corner.z for corner in CORNERS]


def test_beyond_the_edge_is_on_the_edge():
    assert moved(CORNERS, 0, -3.0, 9.0)[0].place == (0.0, 1.0)


def test_a_place_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match=r"must be 0\.\.1, not nan"):
        moved(CORNERS, 0, math.nan, 0.5)


def test_free_points_go_back_into_the_nearest_corners():
    swapped = moved(moved(CORNERS, 0, 0.9, 0.95), 3, 0.1, 0.1)
    back = put_into_corners(swapped)
    assert [corner.name for corner in back] == ["D", "B", "C", "A"]
    assert are_in_corners(back)
    assert put_into_corners(set_free(CORNERS)) == CORNERS


def test_only_four_can_stand_in_the_corners():
    with pytest.raises(ValueError, match="4 points can stand in the corners, not 3"):
        put_into_corners(removed(CORNERS, 1))


def test_the_last_point_stays():
    points = CORNERS
    for _ in range(3):
        points = removed(points, 0)
    assert [point.name for point in points] == ["D"]
    with pytest.raises(ValueError, match="keeps its last point"):
        removed(points, 0)


def test_a_full_pad_takes_no_more():
    points = CORNERS
    for step in range(MOST_POINTS - 4):
        points = added(points, Corner("New", z_of(9)), 0.05 * step, 0.5)
    assert len(points) == MOST_POINTS
    with pytest.raises(ValueError, match="no room for more"):
        added(points, Corner("New", z_of(9)), 0.5, 0.1)


@pytest.mark.parametrize("index", range(4))
def test_in_a_corner_is_the_corners_own_timbre(index):
    assert point_at(CORNERS, *CORNER_PLACES[index]) == CORNERS[index]


@given(x=number, y=number)
def test_a_point_of_what_sounds_there_changes_nothing_there(x, y):
    """With nearness as the way of mixing: from the corners, the way itself changes."""
    free = set_free(CORNERS)
    point = point_at(free, x, y)
    more = added(free, point, x, y)
    place = more[-1].place
    z = blend([p.z for p in more], weights_at(more, *place))
    assert z == pytest.approx(blend([p.z for p in free], weights_at(free, *place)), abs=2e-3)


def test_a_mixture_is_named_after_what_it_is_mostly_of():
    assert point_at(CORNERS, 0.5, 0.1).name == "A + B"
    assert point_at(CORNERS, 0.05, 0.05).name == "A"


def test_a_point_keeps_its_name_and_lock_when_it_is_set_free():
    locked = (msgspec.structs.replace(CORNERS[0], locked=True), *CORNERS[1:])
    assert set_free(locked)[0].locked
    assert set_free(locked)[0].name == "A"
