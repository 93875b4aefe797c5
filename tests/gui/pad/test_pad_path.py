import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from instrument import PARAMETERS, MovePad, PadPath, RecordPath, SetParameter, SetPath

PATH = PadPath(((0.0, 0.5, 0.5), (0.5, 0.9, 0.5), (1.0, 0.5, 0.9)))
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def place_of(pad, x, y):
    point = pad.to_pixels(x, y)
    return point.x(), point.y()


def path_menu(pad):
    (submenu,) = [a.menu() for a in pad.corner_menu(0).actions() if a.text() == "Path"]
    return {action.text().split("\t")[0]: action for action in submenu.actions()}


@pytest.mark.parametrize(
    ("modifiers", "is_even"), [(CTRL, False), (CTRL | SHIFT, True)], ids=["record", "draw"]
)
def test_the_next_stroke_becomes_the_path(window, instrument, drag, modifiers, is_even):
    pad = window.pad
    QTest.keyClick(window, Qt.Key.Key_M, modifiers)
    assert instrument.posted(RecordPath) == []
    drag(pad, place_of(pad, 0.2, 0.2), place_of(pad, 0.6, 0.3), place_of(pad, 0.8, 0.8))
    events = [e for e in instrument.events if isinstance(e, (MovePad, RecordPath))]
    assert [type(event) for event in events] == [
        MovePad,  # to where the stroke begins
        RecordPath,
        MovePad,
        MovePad,
        RecordPath,
    ]
    assert [e for e in events if isinstance(e, RecordPath)] == [
        RecordPath(is_on=True, is_even=is_even),
        RecordPath(is_on=False, is_even=is_even),
    ]
    assert pad.making == ""


def test_a_path_can_be_recorded_by_the_keyboard_alone(window, instrument):
    pad = window.pad
    QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    assert "A path is being made" in pad.accessibleDescription()
    for _ in range(3):
        QTest.keyClick(pad, Qt.Key.Key_Right)
    QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    told = instrument.posted(RecordPath)
    assert told == [RecordPath(is_on=True), RecordPath(is_on=False)]
    assert "being made" not in pad.accessibleDescription()


def test_escape_gives_up_before_the_stroke(window, instrument, drag):
    QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    drag(window.pad, place_of(window.pad, 0.2, 0.2), place_of(window.pad, 0.6, 0.3))
    assert instrument.posted(RecordPath) == []


def test_the_path_and_where_it_is_heard_are_drawn(window, instrument, qtbot, pixel, close_to):
    pad = window.pad
    before = pixel(pad, *place_of(pad, 0.75, 0.75))
    heard = pixel(pad, *place_of(pad, 0.7, 0.3))
    instrument.change(path=PATH, path_share=0.3, heard_x=0.7, heard_y=0.3)
    qtbot.waitUntil(lambda: pad._motion.share == 0.3)
    x, y = place_of(pad, 0.75, 0.65)  # half way between the two last points
    line = [pixel(pad, x + shift, y) for shift in range(-2, 3)]
    assert any(not close_to(p, before) and p.lightness() > 150 for p in line)
    assert pixel(pad, *place_of(pad, 0.7, 0.3)).lightness() > 240 > heard.lightness()


def test_the_path_is_drawn_from_the_fingers_place(window, instrument, qtbot):
    instrument.change(path=PATH, pad_x=0.95, pad_y=0.95)
    qtbot.waitUntil(lambda: window.pad.place == (0.95, 0.95))
    assert not window.pad.grab().isNull()  # beyond the edge it goes along it


def test_delete_clears_the_path(window, instrument, qtbot):
    instrument.change(path=PATH)
    qtbot.waitUntil(lambda: "It has a path" in window.pad.accessibleDescription())
    QTest.keyClick(window.pad, Qt.Key.Key_Delete)
    assert instrument.posted(SetPath) == [SetPath(path=None)]
    qtbot.waitUntil(lambda: "It has a path" not in window.pad.accessibleDescription())


def test_the_menu_offers_what_can_be_done(window, instrument, qtbot):
    pad = window.pad
    enabled = {text: action.isEnabled() for text, action in path_menu(pad).items()}
    assert enabled == {
        "Record a path": True,
        "Draw a path": True,
        "Edit its points": False,
        "Play": False,
        "Clear": False,
    }
    instrument.change(path=PATH, path_share=0.0)
    qtbot.waitUntil(lambda: pad._motion.share == 0.0)
    assert path_menu(pad)["Stop playing"].isEnabled()
    path_menu(pad)["Draw a path"].trigger()
    assert pad.making == "drawing"
    path_menu(pad)["Stop"].trigger()
    assert pad.making == ""
    path_menu(pad)["Clear"].trigger()
    assert instrument.posted(SetPath) == [SetPath(path=None)]


def test_control_and_space_plays_the_path_and_stops_it(window, instrument, qtbot):
    assert instrument.now.parameters["path_mode"] == 1.0
    QTest.keyClick(window, Qt.Key.Key_Space, CTRL)
    assert instrument.posted(SetParameter)[-1] == SetParameter(name="path_mode", value=0.0)
    qtbot.waitUntil(lambda: window._bridge.status.parameters["path_mode"] == 0.0)
    QTest.keyClick(window, Qt.Key.Key_Space, CTRL)
    assert instrument.posted(SetParameter)[-1] == SetParameter(name="path_mode", value=1.0)


def test_every_parameter_has_its_knob_on_one_page(window):
    elsewhere = {window.note_view.ending.parameter.name}  # chosen over the note's picture
    assert set(window.knobs.knobs) == {row.name for row in PARAMETERS} - elsewhere


def test_the_pages_of_effects_and_motion_show_their_knobs(window):
    for page, name in ((3, "reverb_time"), (4, "lfo_x_depth")):
        window.knobs.show_page(page)
        assert window.knobs.knobs[name].isVisible()
    assert not window.knobs.knobs["cutoff"].isVisible()
