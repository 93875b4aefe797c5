"""The words at the pad's edges: said only where the points' measures bear them out."""

import pytest

from gui.pad.edge_words import edge_words
from gui.widgets.timbre_colour import Features

CORNERS = (None, None, None, None)  # bottom left, bottom right, top left, top right


def points(*brightness, attack=(0.3, 0.3, 0.3, 0.3)):
    return [Features(b, a, 0.5, 0.1) for b, a in zip(brightness, attack, strict=True)]


def test_what_grows_to_the_right_is_said():
    assert edge_words(points(0.1, 0.9, 0.1, 0.9), CORNERS) == ("brighter", "")


def test_what_shrinks_is_said_by_its_other_word():
    assert edge_words(points(0.9, 0.1, 0.9, 0.1), CORNERS)[0] == "darker"


def test_each_way_has_a_word_of_its_own():
    features = points(0.1, 0.9, 0.1, 0.9, attack=(0.0, 0.0, 0.8, 0.8))
    assert edge_words(features, CORNERS) == ("brighter", "slower")


def test_alike_points_get_no_word():
    assert edge_words(points(0.5, 0.55, 0.5, 0.55), CORNERS) == ("", "")


def test_a_way_that_turns_back_gets_no_word():
    features = points(0.1, 0.9, 0.3, 0.3)[:3]
    places = ((0.0, 0.5), (0.5, 0.5), (1.0, 0.5))  # brightest in the middle
    assert edge_words(features, places)[0] == ""


@pytest.mark.parametrize("n", [1, 2])
def test_few_points_do(n):
    words = edge_words(points(0.1, 0.9, 0.1, 0.9)[:n], ((0.1, 0.5), (0.9, 0.5))[:n])
    assert words == (("", "") if n == 1 else ("brighter", ""))
