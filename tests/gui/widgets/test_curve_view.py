import math

import pytest
from PySide6.QtGui import QColor

from gui.widgets.curve_view import CurveView


@pytest.fixture
def view(theme, show):
    return show(CurveView("LOSSES", "None yet.", theme), 400, 200)


@pytest.fixture
def row_of(view, close_to):
    """Give the mean row in which a colour is seen in a column."""

    def row_of(x, colour):
        image = view.grab().toImage()
        wanted = QColor(colour)
        rows = [y for y in range(24, 184) if close_to(image.pixelColor(x, y), wanted, within=60)]
        return sum(rows) / len(rows)

    return row_of


def test_a_falling_curve_falls(view, theme, row_of):
    view.show_curves({"level": [(n, 10.0 - n / 20) for n in range(0, 101, 10)]})
    assert row_of(80, theme.accent) < row_of(300, theme.accent)


def test_curves_have_colours_of_their_own(view, theme, row_of):
    view.show_curves({"one": [(0, 1.0), (10, 1.4)], "two": [(0, 2.0), (10, 2.4)]})
    assert row_of(200, theme.fresh) < row_of(200, theme.accent)


def test_curves_far_apart_are_drawn_on_a_logarithmic_scale(view, theme, row_of):
    view.show_curves({"a": [(0, 1.0), (10, 1.0)], "b": [(0, 10), (10, 10)], "c": [(0, 100)]})
    low, high = 182, 27
    middle = row_of(200, theme.fresh)
    assert middle == pytest.approx((low + high) / 2, abs=3)


def test_what_is_no_number_is_left_out(view):
    view.show_curves({"level": [(0, 1.0), (1, math.nan), (2, 0.5)], "none": [(0, math.inf)]})
    assert view.accessibleDescription() == "level 0.5"


@pytest.mark.parametrize("curve", [[], [(5, 1.0)], [(5, 0.0), (9, 0.0)], [(5, -1.0), (5, 1.0)]])
def test_odd_curves_can_be_drawn(view, curve):
    view.show_curves({"level": curve})
    assert not view.grab().isNull()


def test_long_runs_are_thinned_and_keep_their_end(view, theme):
    view.show_curves({"level": [(n, 1.0) for n in range(5000)] + [(5000, 2.0)]})
    image = view.grab().toImage()
    assert image.pixelColor(image.width() - 8, 27).name() == theme.accent
