"""Timbre points on the pad: dragged, added, removed, named, locked; by mouse, keys, touch, pen."""

import msgspec
import pretend
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog

from gui.pad.pad_touch import touch_of
from gui.widgets.timbre_colour import Features, colour_of, field_image, mixed_colour
from instrument import MOST_POINTS, ChannelPressure, MovePad, MovePoint, PadPath, SetPath

NAMES = ("Cello", "Oboe", "Celesta", "Choir aahs", "Marimba")
PLACES = ((0.2, 0.2), (0.8, 0.25), (0.3, 0.8), (0.75, 0.7), (0.5, 0.45))
POINTS = tuple(
    msgspec.structs.replace(pretend.corner(name), place=place)
    for name, place in zip(NAMES, PLACES, strict=True)
)


@pytest.fixture
def pad(open_window, instrument, qtbot):
    instrument.change(corners=POINTS, pad_x=0.5, pad_y=0.1)
    window = open_window(instrument)
    qtbot.waitUntil(lambda: window.pad.place == (0.5, 0.1))
    return window.pad


def middle_of(handle):
    return handle._centre.x(), handle._centre.y()


def drag_handle(drag, pad, index, place):
    handle = pad.points.handles[index]
    start = handle._centre
    way = pad.to_pixels(*place) - pad.to_pixels(*pad.points.places[index])
    end = start + way
    drag(handle, (start.x(), start.y()), (end.x(), end.y()))


def test_each_point_stands_where_it_is_with_its_name_and_weight(pad):
    for handle, point in zip(pad.points.handles, POINTS, strict=True):
        seen = handle.mapToParent(QPointF(*middle_of(handle)))
        assert (seen - pad.to_pixels(*point.place)).manhattanLength() < 1.5
        assert point.name in handle.accessibleName()
    assert sum(handle.percent for handle in pad.points.handles) == pytest.approx(100, abs=2)


def test_a_name_never_leaves_the_pad(open_window, instrument, qtbot):
    window = open_window(instrument, size=(900, 600))
    for handle in window.pad.points.handles:  # in the corners
        assert window.pad.rect().contains(handle.geometry())


def test_a_dragged_point_moves_and_is_told_at_once(pad, instrument, drag):
    drag_handle(drag, pad, 1, (0.6, 0.9))
    last = instrument.posted(MovePoint)[-1]
    assert last.index == 1
    assert (last.x, last.y) == (pytest.approx(0.6, abs=0.02), pytest.approx(0.9, abs=0.02))
    assert instrument.now.corners[1].place == (last.x, last.y)
    assert instrument.posted(MovePad) == []


def test_a_point_can_not_be_dragged_off_the_pad(pad, instrument, drag):
    drag_handle(drag, pad, 1, (4.0, -3.0))
    last = instrument.posted(MovePoint)[-1]
    assert (last.x, last.y) == (1.0, 0.0)


def test_dragging_a_corner_sets_all_points_free(window, instrument, drag):
    drag_handle(drag, window.pad, 3, (0.7, 0.6))
    assert [c.place for c in instrument.now.corners[:3]] == [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]


def test_a_click_on_a_point_puts_the_finger_there(pad, instrument, drag):
    drag(pad.points.handles[2], middle_of(pad.points.handles[2]))
    assert instrument.posted(MovePad)[-1] == MovePad(x=0.3, y=0.8)
    assert instrument.posted(MovePoint) == []


def test_a_locked_point_stays_and_the_drag_is_the_fingers(pad, instrument, drag, qtbot):
    instrument.lock_corner(4, True)
    handle = pad.points.handles[4]
    qtbot.waitUntil(lambda: "locked" in handle.toolTip())
    drag_handle(drag, pad, 4, (0.9, 0.9))
    assert instrument.posted(MovePoint) == []
    assert instrument.posted(MovePad)


def test_a_point_in_the_hand_is_not_pulled_back(pad, instrument, mouse):
    handle = pad.points.handles[0]
    x, y = middle_of(handle)
    mouse(handle, QEvent.Type.MouseButtonPress, x, y)
    mouse(handle, QEvent.Type.MouseMove, x + 80, y - 40)
    moved = pad.points.places[0]
    assert moved != PLACES[0]
    pad.show_corners(POINTS)  # a status that is older than the hand
    assert pad.points.places[0] == moved
    mouse(handle, QEvent.Type.MouseButtonRelease, x, y)


def test_a_double_click_on_a_point_re_rolls_it(pad, instrument, qtbot, mouse):
    handle = pad.points.handles[1]
    mouse(handle, QEvent.Type.MouseButtonDblClick, *middle_of(handle))
    qtbot.waitUntil(lambda: instrument.called("reroll") == [(1,)])


def test_a_double_click_on_an_empty_place_keeps_its_sound_as_a_point(pad, instrument, qtbot, mouse):
    place = pad.to_pixels(0.1, 0.5)
    mouse(pad, QEvent.Type.MouseButtonDblClick, place.x(), place.y())
    qtbot.waitUntil(lambda: len(pad.points.handles) == 6)
    x, y, name = instrument.called("add_point")[0]
    assert (x, y, name) == (pytest.approx(0.1), pytest.approx(0.5), "")


def test_a_double_click_on_a_locked_point_does_nothing(pad, instrument, qtbot, mouse):
    instrument.lock_corner(1, True)
    qtbot.waitUntil(lambda: "locked" in pad.points.handles[1].toolTip())
    handle = pad.points.handles[1]
    mouse(handle, QEvent.Type.MouseButtonDblClick, *middle_of(handle))
    qtbot.wait(1)
    assert instrument.called("reroll") == []
    assert instrument.called("add_point") == []


def test_a_second_tap_still_holds_the_finger(pad, instrument, mouse):
    first, second = pixels(pad, (0.1, 0.5), (0.15, 0.55))
    mouse(pad, QEvent.Type.MouseButtonDblClick, *first)
    mouse(pad, QEvent.Type.MouseMove, *second)
    assert instrument.posted(MovePad)[-1].x == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize(
    ("key", "modifier", "call"),
    [
        (Qt.Key.Key_R, Qt.KeyboardModifier.NoModifier, ("reroll", 3)),
        (Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier, ("lock_corner", 3, True)),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, ("remove_point", 3)),
    ],
)
def test_a_point_in_focus_is_worked_by_keys(pad, instrument, qtbot, key, modifier, call):
    QTest.keyClick(pad.points.handles[3], key, modifier)
    qtbot.waitUntil(lambda: call in instrument.calls)


def test_arrow_keys_move_the_point_in_focus(pad, instrument):
    QTest.keyClick(pad.points.handles[0], Qt.Key.Key_Right)
    QTest.keyClick(pad.points.handles[0], Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert [(e.index, e.x, e.y) for e in instrument.posted(MovePoint)] == [
        (0, pytest.approx(0.21), pytest.approx(0.2)),
        (0, pytest.approx(0.21), pytest.approx(0.3)),
    ]


def test_insert_adds_a_point_at_the_finger(pad, instrument, qtbot):
    QTest.keyClick(pad, Qt.Key.Key_Insert)
    qtbot.waitUntil(lambda: instrument.called("add_point") == [(0.5, 0.1, "")])


def action_of(menu, text):
    return next(action for action in menu.actions() if action.text() == text)


def test_the_menu_removes_all_but_the_last_point(pad, instrument, qtbot):
    action_of(pad.corner_menu(2), "Remove").trigger()
    qtbot.waitUntil(lambda: len(pad.points.handles) == 4)
    assert [point.name for point in pad.points.corners] == [
        "Cello",
        "Oboe",
        "Choir aahs",
        "Marimba",
    ]
    instrument.change(corners=POINTS[:1])
    qtbot.waitUntil(lambda: len(pad.points.handles) == 1)
    assert not action_of(pad.corner_menu(0), "Remove").isEnabled()


def test_the_menu_renames_a_point(pad, instrument, qtbot):
    action_of(pad.corner_menu(2), "Rename…").trigger()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QInputDialog))
    assert dialog.textValue() == "Celesta"
    dialog.setTextValue("  My bell ")
    dialog.accept()
    qtbot.waitUntil(lambda: instrument.called("rename_point") == [(2, "My bell")])


def test_four_points_can_be_put_into_the_corners_and_set_free(window, instrument, qtbot):
    action_of(window.pad.place_menu(0.5, 0.5), "Mix by nearness").trigger()
    qtbot.waitUntil(lambda: window.pad.points.corners[0].place == (0.0, 0.0))
    menu = window.pad.place_menu(0.5, 0.5)
    assert action_of(menu, "Mix by nearness").isChecked()
    action_of(menu, "Mix four corners").trigger()
    qtbot.waitUntil(lambda: window.pad.points.corners[0].place is None)


def test_five_points_fit_no_corners(pad):
    assert not action_of(pad.place_menu(0.5, 0.5), "Mix four corners").isEnabled()


def test_a_full_pad_offers_no_more_points(pad, instrument, qtbot):
    instrument.change(corners=(POINTS * 4)[:MOST_POINTS])
    qtbot.waitUntil(lambda: len(pad.points.handles) == MOST_POINTS)
    menu = pad.place_menu(0.5, 0.5)
    assert not action_of(menu, "New point of what sounds here").isEnabled()


def test_the_browser_offers_each_point_and_a_new_one(pad, instrument, qtbot):
    browser = pad.window().browser
    menu = browser.corner_menu("Oboe")
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == [f"In place of {name}" for name in NAMES] + ["New point at the finger"]
    menu.actions()[-1].trigger()
    qtbot.waitUntil(lambda: instrument.called("add_point") == [(0.5, 0.1, "Oboe")])


# Touch and stylus.


def pen(pad, kind, place, pressure):
    pixel = pad.to_pixels(*place)
    event = QTabletEvent(
        kind,
        QPointingDevice.primaryPointingDevice(),
        pixel,
        QPointF(pad.mapToGlobal(pixel)),
        pressure,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        Qt.KeyboardModifier.NoModifier,
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton,
    )
    QApplication.sendEvent(pad, event)
    return event


def test_a_stylus_moves_the_finger_and_its_pressure_is_that_of_the_keys(pad, instrument):
    pen(pad, QEvent.Type.TabletPress, (0.1, 0.5), 0.2)
    pen(pad, QEvent.Type.TabletMove, (0.12, 0.6), 0.8)
    pen(pad, QEvent.Type.TabletRelease, (0.12, 0.6), 0.0)
    last = instrument.posted(MovePad)[-1]
    assert (last.x, last.y) == (pytest.approx(0.12), pytest.approx(0.6))
    assert [event.value for event in instrument.posted(ChannelPressure)] == [25, 102, 0]


def test_a_stylus_that_hovers_does_nothing(pad, instrument):
    pen(pad, QEvent.Type.TabletMove, (0.9, 0.9), 0.0)
    assert instrument.posted(MovePad) == []


def test_a_stylus_on_a_point_is_left_to_drag_it(pad, instrument):
    event = pen(pad, QEvent.Type.TabletPress, PLACES[0], 0.5)
    assert not event.isAccepted()
    assert instrument.posted(MovePad) == []


def test_a_touch_moves_the_finger(pad, instrument):
    device = QTest.createTouchDevice()
    start, end = (pad.to_pixels(*place).toPoint() for place in ((0.1, 0.5), (0.12, 0.62)))
    QTest.touchEvent(pad, device).press(0, start, pad)
    QTest.touchEvent(pad, device).move(0, end, pad)
    QTest.touchEvent(pad, device).release(0, end, pad)
    last = instrument.posted(MovePad)[-1]
    assert (last.x, last.y) == (pytest.approx(0.12, abs=0.01), pytest.approx(0.62, abs=0.01))
    assert instrument.posted(ChannelPressure) == []  # this screen does not measure it


def test_what_is_no_touch_is_none():
    assert touch_of(QEvent(QEvent.Type.User)) is None


# The path.


PATH = PadPath(((0.0, 0.5, 0.1), (0.5, 0.3, 0.4), (1.0, 0.6, 0.6)))


@pytest.fixture
def edited(pad, instrument, qtbot):
    instrument.change(path=PATH)
    qtbot.waitUntil(lambda: action_of(path_menu(pad), "Edit its points").isEnabled())
    action_of(path_menu(pad), "Edit its points").trigger()
    return pad


def path_menu(pad):
    return action_of(pad.place_menu(0.5, 0.5), "Path").menu()


def pixels(pad, *places):
    return [(pad.to_pixels(*place).x(), pad.to_pixels(*place).y()) for place in places]


def test_a_point_of_the_path_is_dragged(edited, instrument, drag):
    drag(edited, *pixels(edited, (0.3, 0.4), (0.2, 0.5), (0.1, 0.55)))
    path = instrument.posted(SetPath)[-1].path
    assert path.points[0] == PATH.points[0]
    assert path.points[2] == PATH.points[2]
    assert path.points[1] == (0.5, pytest.approx(0.1, abs=0.005), pytest.approx(0.55, abs=0.005))
    assert path.problem() == ""
    assert instrument.posted(MovePad) == []


def test_beside_the_paths_points_the_finger_moves_as_ever(edited, instrument, drag):
    drag(edited, *pixels(edited, (0.9, 0.5), (0.92, 0.5)))
    assert instrument.posted(SetPath) == []
    assert instrument.posted(MovePad)


def test_a_path_whose_finger_has_moved_is_edited_where_it_is_seen(edited, instrument, drag):
    edited.show_place(0.6, 0.2)  # a tenth to the right and up of where it was recorded
    drag(edited, *pixels(edited, (0.4, 0.5), (0.5, 0.5)))
    x, y = instrument.posted(SetPath)[-1].path.points[1][1:]
    assert (x, y) == (pytest.approx(0.4, abs=0.01), pytest.approx(0.4, abs=0.01))


def test_editing_ends_with_escape_and_with_the_path(edited, instrument, qtbot):
    QTest.keyClick(edited.window(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: edited.making == "")
    edited.make_path("editing")
    instrument.change(path=None)
    qtbot.waitUntil(lambda: edited.making == "")


# Colours.


DARK, BRIGHT = Features(0.0, 0.1, 0.5, 0.1), Features(1.0, 0.1, 0.5, 0.1)


def test_a_place_on_a_point_has_its_colour():
    places = [(0.0, 0.0), (0.5, 0.5)]
    image = field_image([DARK, BRIGHT], places, 5)
    assert image.pixel(2, 2) == colour_of(BRIGHT, depth=1.0).rgb()
    assert image.pixel(0, 4) == colour_of(DARK, depth=1.0).rgb()


def test_colours_mix_as_light_does():
    """Half of two lights is brighter than half of their numbers on a screen."""
    mixed = mixed_colour([DARK, BRIGHT], (0.5, 0.5))
    one, other = colour_of(DARK), colour_of(BRIGHT)
    for channel in ("redF", "greenF", "blueF"):
        numbers = (getattr(one, channel)() + getattr(other, channel)()) / 2
        assert getattr(mixed, channel)() >= numbers - 0.005
    assert mixed_colour([DARK, BRIGHT], (1.0, 0.0)) == one


def test_the_axes_of_a_model_are_knobs_and_a_model_without_says_what_to_do(
    window, instrument, qtbot
):
    axes = window.knobs.axes
    knob = window.knobs.knobs["axis_brightness"]
    assert knob.isVisible()
    assert "correlation 0.94" in knob.toolTip()
    knob._set(0.9)
    assert instrument.now.parameters["axis_brightness"] == pytest.approx(0.9)
    plain = msgspec.structs.replace(pretend.MODEL, hash="00", axes=pretend.MODEL.axes[:1])
    instrument.change(model=plain)
    qtbot.waitUntil(lambda: not window.knobs.knobs["axis_decay"].isVisible())
    assert knob.isVisible()
    instrument.change(model=msgspec.structs.replace(plain, axes=()))
    qtbot.waitUntil(lambda: not knob.isVisible())
    assert 'timbrepad models measure "Draft"' in axes.advice.text()


def test_a_double_click_takes_an_axis_back(window, instrument, mouse):
    knob = window.knobs.knobs["axis_attack"]
    knob._set(-1.4)
    assert "\N{MINUS SIGN}1.4 \N{GREEK SMALL LETTER SIGMA}" in knob.toolTip()
    mouse(knob, QEvent.Type.MouseButtonDblClick, 10, 10)
    assert instrument.now.parameters["axis_attack"] == 0.0
