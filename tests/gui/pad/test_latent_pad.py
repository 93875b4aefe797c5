import pretend
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from gui.pad.latent_pad import LatentPad, timbre_mime
from gui.widgets.timbre_colour import colour_of, corner_features
from instrument import MovePad


def place_of(pad, x, y):
    point = pad.to_pixels(x, y)
    return point.x(), point.y()


def test_dragging_the_finger_moves_the_pad_to_where_it_is(window, instrument, drag):
    pad = window.pad
    drag(pad, place_of(pad, 0.5, 0.5), place_of(pad, 0.4, 0.6), place_of(pad, 0.2, 0.9))
    last = instrument.posted(MovePad)[-1]
    assert (last.x, last.y) == (pytest.approx(0.2, abs=0.01), pytest.approx(0.9, abs=0.01))


def test_a_drag_beyond_the_edge_stays_on_it(window, instrument, drag):
    pad = window.pad
    drag(pad, place_of(pad, 0.5, 0.5), (-40.0, pad.height() + 60.0))
    assert instrument.posted(MovePad)[-1] == MovePad(x=0.0, y=0.0)


def test_up_is_more_y(window, instrument, drag):
    pad = window.pad
    drag(pad, (pad.width() / 2, pad.active_rect().top() + 2))
    assert instrument.posted(MovePad)[-1].y > 0.95


@pytest.mark.parametrize(
    ("key", "modifiers", "x", "y"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 0.51, 0.5),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 0.49, 0.5),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, 0.5, 0.51),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier, 0.5, 0.4),
    ],
)
def test_arrow_keys_move_finely_and_with_shift_far(window, instrument, key, modifiers, x, y):
    QTest.keyClick(window.pad, key, modifiers)
    assert instrument.posted(MovePad) == [MovePad(x=x, y=y)]


def test_a_fine_drag_with_shift_moves_less_than_the_mouse(window, instrument, drag):
    pad = window.pad
    modifiers = Qt.KeyboardModifier.ShiftModifier
    drag(pad, place_of(pad, 0.2, 0.2), place_of(pad, 0.7, 0.2), modifiers=modifiers)
    assert instrument.posted(MovePad)[-1].x == pytest.approx(0.6, abs=0.01)


def test_the_finger_follows_the_instrument(window, instrument, qtbot):
    instrument.change(pad_x=0.1, pad_y=0.8)
    qtbot.waitUntil(lambda: window.pad.place == (0.1, 0.8))
    assert "x 10.0" in window.place_label.text()


def test_the_finger_is_painted_where_it_is(window, pixel):
    window.pad.show_place(0.25, 0.75)
    point = window.pad.to_pixels(0.25, 0.75)
    bright = pixel(window.pad, point.x() + 14, point.y())
    assert bright.lightness() > 200


def test_a_corner_has_the_colour_of_its_timbre(window, pixel, close_to):
    pad = window.pad
    pad.show_place(1.0, 1.0)
    timbre = colour_of(corner_features(pad.points.corners[0], pad.points.timbres))
    assert close_to(pixel(pad, *place_of(pad, 0.0, 0.0)), timbre)


def test_another_timbre_changes_the_field(window, instrument, qtbot, pixel):
    pad = window.pad
    before = pixel(pad, *place_of(pad, 0.06, 0.9))
    instrument.set_corner(2, "Cello")
    qtbot.waitUntil(lambda: pad.points.corners[2].name == "Cello")
    assert pixel(pad, *place_of(pad, 0.06, 0.9)) != before


def drop(pad, place, name="Oboe"):
    mime = timbre_mime(name)
    no_keys = Qt.KeyboardModifier.NoModifier
    copy, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    pad.dropEvent(QDropEvent(pad.to_pixels(*place), copy, mime, button, no_keys))


def test_a_timbre_dropped_on_a_point_takes_its_place(window, instrument, qtbot):
    drop(window.pad, (0.99, 0.99))
    qtbot.waitUntil(lambda: instrument.called("set_corner") == [(3, "Oboe")])


def test_a_timbre_dropped_between_the_points_is_a_new_one(window, instrument, qtbot):
    drop(window.pad, (0.4, 0.6))
    qtbot.waitUntil(lambda: len(instrument.called("add_point")) == 1)
    x, y, name = instrument.called("add_point")[0]
    assert (x, y, name) == (pytest.approx(0.4), pytest.approx(0.6), "Oboe")


def test_the_corner_menu_has_a_submenu_a_family_and_sets_the_timbre(window, instrument, qtbot):
    menu = window.pad.corner_menu(1)
    timbres = menu.actions()[0].menu()
    reeds = next(action.menu() for action in timbres.actions() if action.text() == "Reed")
    next(action for action in reeds.actions() if action.text() == "Clarinet").trigger()
    qtbot.waitUntil(lambda: instrument.called("set_corner") == [(1, "Clarinet")])


def test_typing_in_the_corner_menu_finds_a_timbre_in_any_family(window, instrument, qtbot):
    timbres = window.pad.corner_menu(0).actions()[0].menu()
    timbres.field.setText("slow str")
    visible = [action.text() for action in timbres.actions() if action.isVisible()]
    assert [text for text in visible if text] == ["Slow strings"]
    timbres.field.returnPressed.emit()
    qtbot.waitUntil(lambda: instrument.called("set_corner") == [(0, "Slow strings")])


def test_re_roll_all_re_rolls_what_is_not_locked(window, instrument, qtbot):
    window.pad.points.handles[0].lock_toggled.emit(0, True)
    qtbot.waitUntil(lambda: instrument.called("lock_corner") == [(0, True)])
    window.reroll_all.click()
    qtbot.waitUntil(lambda: instrument.called("reroll") == [(None,)])
    qtbot.waitUntil(lambda: window.pad.points.corners[1].name.startswith("Roll"))
    assert window.pad.points.corners[0].name == "Cello"


def test_the_weights_under_the_points_sum_to_all(window):
    window.pad.show_place(0.25, 0.5)
    assert [handle.percent for handle in window.pad.points.handles] == [38, 12, 38, 12]


def test_the_ring_around_the_finger_closes_as_notes_become_fresh(theme, show, pixel, close_to):
    pad = show(LatentPad(theme), 500, 400)
    pad.show_corners(pretend.CORNERS)
    point = pad.to_pixels(0.5, 0.5)
    ring = (point.x() - 11.6, point.y())
    pad.show_fresh(20, 61)
    assert not close_to(pixel(pad, *ring), theme.colour("fresh"), within=40)
    pad.show_fresh(61, 61)
    assert close_to(pixel(pad, *ring), theme.colour("fresh"), within=40)


def test_the_trail_stops_its_timer_when_it_has_faded(window, qtbot, drag):
    pad = window.pad
    drag(pad, place_of(pad, 0.5, 0.5), place_of(pad, 0.6, 0.6))
    assert pad._trail_timer.isActive()
    qtbot.waitUntil(lambda: not pad._trail_timer.isActive(), timeout=4000)
