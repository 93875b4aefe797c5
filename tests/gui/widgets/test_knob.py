import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog

from gui.widgets.knob import DRAG_PIXELS, WHEEL_STEP, Knob
from gui.widgets.units_text import value_text
from instrument import BY_NAME, PARAMETERS, SetParameter

CUTOFF = BY_NAME["cutoff"]


@pytest.fixture
def knob(theme, show):
    knob = show(Knob(BY_NAME["sustain"], theme), 60, 70)
    knob.show_value(0.5)
    return knob


@pytest.fixture
def turned(knob):
    values = []
    knob.turned.connect(lambda name, value: values.append((name, value)))
    return values


def wheel(knob, notches, modifiers=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        QPointF(30, 20),
        QPointF(30, 20),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(knob, event)


def test_dragging_up_turns_up(knob, turned, drag):
    drag(knob, (30, 40), (30, 40 - DRAG_PIXELS / 10))
    assert turned[-1] == ("sustain", pytest.approx(0.6))


def test_ctrl_makes_a_drag_ten_times_finer(knob, turned, drag):
    drag(knob, (30, 40), (30, 18), modifiers=Qt.KeyboardModifier.ControlModifier)
    assert turned[-1][1] == pytest.approx(0.5 + 0.1 * 22 / DRAG_PIXELS)


def test_a_drag_beyond_the_end_stays_at_the_end(knob, turned, drag):
    drag(knob, (30, 40), (30, -1000))
    assert turned[-1][1] == 1.0


def test_the_wheel_turns(knob, turned):
    wheel(knob, 1)
    wheel(knob, -2, Qt.KeyboardModifier.ControlModifier)
    assert [value for _, value in turned] == [
        pytest.approx(0.5 + WHEEL_STEP),
        pytest.approx(0.5 + 0.8 * WHEEL_STEP),
    ]


def test_a_double_click_goes_back_to_the_default(knob, turned):
    QTest.mouseDClick(knob, Qt.MouseButton.LeftButton)
    assert turned[-1] == ("sustain", BY_NAME["sustain"].default)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (Qt.Key.Key_Up, 0.51),
        (Qt.Key.Key_Left, 0.49),
        (Qt.Key.Key_PageDown, 0.4),
        (Qt.Key.Key_Home, 0.0),
        (Qt.Key.Key_End, 1.0),
        (Qt.Key.Key_Delete, 1.0),
    ],
)
def test_keys_turn_it(knob, turned, key, value):
    QTest.keyClick(knob, key)
    assert turned == [("sustain", pytest.approx(value))]


def test_a_logarithmic_knob_turns_in_equal_ratios(theme, show):
    knob = show(Knob(CUTOFF, theme), 60, 70)
    values = []
    knob.turned.connect(lambda _name, value: values.append(value))
    knob.show_value(200.0)
    for _ in range(2):
        QTest.keyClick(knob, Qt.Key.Key_Up)
    assert values[1] / values[0] == pytest.approx(values[0] / 200.0)


def test_what_the_instrument_says_is_shown_and_not_told_back(knob, turned):
    knob.show_value(0.25)
    assert knob.current == 0.25
    assert turned == []


def test_turning_repaints_the_dial(knob):
    before = knob.grab().toImage()
    knob.show_value(0.9)
    assert knob.grab().toImage() != before


def test_a_screen_reader_can_read_and_turn_it(knob, turned):
    interface = QAccessible.queryAccessibleInterface(knob)
    assert interface.text(QAccessible.Text.Name) == "sustain, envelope"
    assert interface.text(QAccessible.Text.Description) == "50 %"
    knob.setValue(7500)
    assert turned == [("sustain", 0.75)]


def test_a_typed_value_is_taken(window, instrument):
    knob = window.knobs.knobs["release"]
    knob.ask_for_value()
    dialog = window.findChild(QInputDialog)
    dialog.setDoubleValue(1.25)
    dialog.accept()
    assert instrument.posted(SetParameter) == [SetParameter(name="release", value=1.25)]


def test_every_parameter_has_a_knob_that_posts_it(window, instrument):
    rows = [row for row in PARAMETERS if row.name != "ending"]
    for row in rows:
        QTest.keyClick(window.knobs.knobs[row.name], Qt.Key.Key_Home)
    posted = {event.name: event.value for event in instrument.posted(SetParameter)}
    moved = {row.name: row.minimum for row in rows if row.minimum != row.default}
    assert posted == moved


def test_how_notes_end_is_chosen_over_their_picture(window, instrument, qtbot):
    menu = window.note_view.ending.menu_of_choices()
    choices = {action.text(): action for action in menu.actions()}
    assert choices["endless"].isChecked()
    choices["one-shot"].trigger()
    assert instrument.posted(SetParameter)[-1] == SetParameter(name="ending", value=2.0)
    instrument.change(parameters={**instrument.now.parameters, "ending": 0.0})
    qtbot.waitUntil(lambda: window.note_view.ending.text().startswith("natural"))


def test_a_knob_follows_the_instrument(window, instrument, qtbot):
    instrument.change(parameters={**instrument.now.parameters, "cutoff": 440.0})
    qtbot.waitUntil(lambda: window.knobs.knobs["cutoff"].current == 440.0)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("attack", 0.002, "2.0 ms"),
        ("attack", 0.25, "250 ms"),
        ("attack", 1.5, "1.50 s"),
        ("cutoff", 20000.0, "20.0 kHz"),
        ("cutoff", 440.0, "440 Hz"),
        ("sustain", 0.5, "50 %"),
        ("pan", -0.3, "30 left"),
        ("pan", 0.0, "centre"),
        ("volume", -6.0, "\N{MINUS SIGN}6.0 dB"),
        ("volume", -0.04, "0.0 dB"),
        ("bend_range", 2.0, "2 st"),
        ("tune", -12.0, "\N{MINUS SIGN}12 ct"),
        ("transpose", -5.0, "\N{MINUS SIGN}5 st"),
        ("octave", 1.0, "1 oct"),
        ("slide_cutoff", 2.5, "2.5 oct"),
        ("unison", 3.0, "3"),
        ("key_mode", 2.0, "legato"),
        ("velocity_curve", 1.0, "soft"),
    ],
)
def test_values_are_written_with_their_unit(name, value, text):
    assert value_text(BY_NAME[name], value) == text


def test_a_knob_of_whole_numbers_goes_one_further_by_a_key_or_a_notch(theme, show):
    knob = show(Knob(BY_NAME["transpose"], theme), 60, 70)
    values = []
    knob.turned.connect(lambda _name, value: values.append(value))
    QTest.keyClick(knob, Qt.Key.Key_Up)
    wheel(knob, 1)
    wheel(knob, -1, Qt.KeyboardModifier.ControlModifier)
    assert values == [1.0, 2.0, 1.0]


def test_a_slow_drag_reaches_the_next_whole_number(theme, show, drag):
    knob = show(Knob(BY_NAME["key_mode"], theme), 60, 70)
    values = []
    knob.turned.connect(lambda _name, value: values.append(value))
    for y in range(60, 0, -4):
        drag(knob, (30, y), (30, y - 4))
    for _ in range(3):
        drag(knob, (30, 60), (30, 40))
    assert values == [1.0]


def test_how_the_keys_play_is_on_the_second_page(window):
    panel = window.knobs
    assert panel.knobs["cutoff"].isVisible()
    assert not panel.knobs["key_mode"].isVisible()
    QTest.mouseClick(panel.tabs[1], Qt.MouseButton.LeftButton)
    assert panel.knobs["key_mode"].isVisible()
    assert not panel.knobs["cutoff"].isVisible()
