import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.pad.nearness import CORNER_PLACES, MOST_POINTS, pad_weights, standing_places

number = st.floats(0, 1)
place = st.tuples(number, number)
places = st.lists(place, min_size=1, max_size=MOST_POINTS)


@given(places=places, x=number, y=number)
def test_weights_are_shares_of_a_whole(places, x, y):
    weights = pad_weights(places, x, y)
    assert len(weights) == len(places)
    assert min(weights) >= 0.0
    assert math.fsum(weights) == pytest.approx(1.0)


coarse = st.integers(0, 20).map(lambda n: n / 20)  # so that some are at one place


@given(
    places=st.lists(st.tuples(coarse, coarse), min_size=1, max_size=MOST_POINTS),
    index=st.integers(0, MOST_POINTS - 1),
)
def test_at_a_point_all_is_that_points(places, index):
    here = places[index % len(places)]
    for weight, there in zip(pad_weights(places, *here), places, strict=True):
        assert weight == pytest.approx(1.0 / places.count(here) if there == here else 0.0, abs=1e-9)


@given(places=places, x=number, y=number, order=st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(places, x, y, order):
    shuffled = list(enumerate(places))
    order.shuffle(shuffled)
    weights = pad_weights(places, x, y)
    others = pad_weights([place for _, place in shuffled], x, y)
    for (index, _), weight in zip(shuffled, others, strict=True):
        assert weight == pytest.approx(weights[index], abs=1e-12)


@given(places=places, x=number, y=number)
def test_a_nearer_point_weighs_more(places, x, y):
    weights = pad_weights(places, x, y)
    by_distance = sorted(zip(places, weights, strict=True), key=lambda p: math.dist(p[0], (x, y)))
    falling = [weight for _, weight in by_distance]
    assert all(a >= b - 1e-12 for a, b in itertools.pairwise(falling))


@given(places=places, x=number, y=number, step=st.floats(-1e-6, 1e-6))
def test_weights_have_no_jump_but_beside_points_that_all_but_touch(places, x, y, step):
    apart = min((math.dist(a, b) for i, a in enumerate(places) for b in places[:i]), default=1.0)
    if apart < 1e-3:
        return
    before, after = pad_weights(places, x, y), pad_weights(places, min(max(x + step, 0), 1), y)
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 0.02


def test_a_point_twice_as_far_weighs_an_eighth():
    near, far = pad_weights([(0.0, 0.0), (0.9, 0.0)], 0.3, 0.0)
    assert far / near == pytest.approx(1 / 8)


@given(x=number, y=number)
def test_four_without_a_place_are_the_corners_mixed_bilinearly(x, y):
    weights = pad_weights([None] * 4, x, y)
    assert weights == ((1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y)


@pytest.mark.parametrize("places", [[None] * 3, [None] * 5, [None, (0.5, 0.5)], []])
def test_places_are_of_all_or_of_four_corners(places):
    with pytest.raises(ValueError, match=r"points without places are four|all points have a place"):
        pad_weights(places, 0.5, 0.5)


def test_points_without_places_are_seen_in_the_corners():
    assert standing_places([None] * 4) == CORNER_PLACES
    assert standing_places([(0.2, 0.3)]) == ((0.2, 0.3),)
