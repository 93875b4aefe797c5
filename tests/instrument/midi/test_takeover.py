"""Soft takeover: whatever the hands do, nothing jumps further than the controller has moved."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi.takeover import NEAR, Takeover

PLACES = st.floats(0.0, 1.0)


def follow(takeover, present, places):
    """Give where the target is after each place of the controller."""
    track = []
    for place in places:
        present = place if takeover.takes(place, place, present) else present
        track.append(present)
    return track


@given(PLACES, st.lists(PLACES, min_size=1))
def test_the_target_never_jumps_further_than_the_controller_has_moved(present, places):
    track = [present, *follow(Takeover(0.0, 1.0), present, places)]
    ways = [0.0, *(abs(place - last) for last, place in itertools.pairwise(places))]
    for (before, after), way in zip(itertools.pairwise(track), ways, strict=True):
        assert abs(after - before) <= max(way, NEAR) + 1e-12


@given(PLACES)
def test_a_controller_that_goes_from_end_to_end_step_by_step_takes_any_value_over(present):
    steps = [value / 127 for value in range(128)]
    assert follow(Takeover(0.0, 1.0), present, steps)[-1] == 1.0
    assert follow(Takeover(0.0, 1.0), present, reversed(steps))[-1] == 0.0


@given(PLACES, PLACES, st.lists(PLACES, min_size=1))
def test_what_it_has_taken_it_keeps_while_nobody_else_moves_it(present, first, places):
    takeover = Takeover(0.0, 1.0)
    follow(takeover, present, [0.0, 1.0])
    assert follow(takeover, 1.0, [first, *places]) == [first, *places]


@given(PLACES, st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_a_value_out_of_its_reach_is_taken_over_at_the_nearer_end(present, one, other):
    takeover = Takeover(one, other)
    least, most = min(one, other), max(one, other)
    steps = [least + (most - least) * value / 127 for value in range(128)]
    assert follow(takeover, present, [*steps, *reversed(steps)])[-1] == pytest.approx(least)


def test_the_first_message_does_nothing_unless_it_is_there():
    assert follow(Takeover(0.0, 1.0), 0.5, [0.9, 0.8]) == [0.5, 0.5]
    assert follow(Takeover(0.0, 1.0), 0.5, [0.502]) == [0.502]


def test_after_another_hand_has_moved_the_target_it_must_be_met_again():
    takeover = Takeover(0.0, 1.0)
    assert follow(takeover, 0.5, [0.4, 0.6, 0.7]) == [0.5, 0.6, 0.7]
    assert follow(takeover, 0.2, [0.75, 0.6]) == [0.2, 0.2]
    assert follow(takeover, 0.2, [0.3, 0.1]) == [0.2, 0.1]


def test_between_choices_a_controller_meets_the_one_that_it_would_choose():
    assert Takeover(0.0, 1.0).takes(0.6, 0.5, 0.5)
    assert not Takeover(0.0, 1.0).takes(0.8, 1.0, 0.5)
