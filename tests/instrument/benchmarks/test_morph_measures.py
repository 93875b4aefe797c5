"""What a note's own fluctuation is: none of an even or a decaying one, some of one that beats."""

import numpy as np
import pytest

from instrument.benchmarks.morph_measures import (
    course_of,
    dip_db,
    own_strays,
    wandering_strays,
)
from tests.instrument.playing import RATE, steady_note

NOTE = 60
TIME = np.arange(3 * RATE) / RATE


def course(level: np.ndarray):
    """Give the course of a tone with a level over time."""
    return course_of((steady_note(NOTE, 3) * level).astype(np.float32), RATE, NOTE)


def test_an_even_note_does_not_fluctuate():
    dip, cents = own_strays(course(np.ones_like(TIME)), 0.5, 0.7)
    assert dip < 0.05
    assert cents < 0.5


def test_a_decay_is_no_fluctuation():
    dip, _ = own_strays(course(10 ** (-TIME * 12 / 20)), 0.5, 0.7)
    assert dip < 0.05


def test_a_note_that_beats_falls_by_itself_as_far_as_it_beats():
    beating = 1.0 - 0.5 * (np.sin(2 * np.pi * 1.3 * TIME) > 0.9)
    dip, _ = own_strays(course(beating), 0.5, 0.7)
    assert 4.0 < dip < 8.0


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 0.0), (0.5, 4.0)])
def test_a_wandering_note_is_compared_with_what_was_known_of_it(factor, expected):
    level = np.ones_like(TIME)
    level[2 * RATE : round(2.2 * RATE)] = factor
    dip, _ = wandering_strays(course(level).before(2.9), 0.2, 1.5)
    assert dip >= expected
    assert dip < expected + 2.5


def test_a_dip_counts_under_the_softer_of_two_where_it_is_heard():
    loud, soft = course(np.ones_like(TIME)), course(np.full_like(TIME, 0.5))
    silent = course(np.zeros_like(TIME))
    bounds = [one.after(0.2).before(2.8).bounds() for one in (loud, soft)]
    assert dip_db(soft.before(2.8).after(0.2), *bounds) < 0.2
    quieter = course(np.full_like(TIME, 0.25)).before(2.8).after(0.2)
    assert dip_db(quieter, *bounds) == pytest.approx(6.0, abs=0.5)
    assert dip_db(silent.before(2.8), *bounds) == 0.0
