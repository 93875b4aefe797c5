import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.widgets.keyboard import Keyboard
from instrument import Freshness, NoteOff, NoteOn


def middle_of(keyboard, note, *, depth=0.9):
    rect = keyboard.key_rect(note)
    return rect.center().x(), rect.top() + depth * rect.height()


def mark_of(keyboard, note):
    rect = keyboard.key_rect(note)
    return rect.center().x(), rect.bottom() - 5.5


def send_key(widget, kind, key, *, repeat=False, text=""):
    event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text, repeat)
    QApplication.sendEvent(widget, event)


def test_a_click_plays_the_key_under_the_mouse_and_lets_it_go(window, instrument, drag):
    drag(window.keyboard, middle_of(window.keyboard, 64))
    assert [event.note for event in instrument.posted(NoteOn)] == [64]
    assert [event.note for event in instrument.posted(NoteOff)] == [64]


def test_black_keys_lie_above_white_ones(window):
    rect = window.keyboard.key_rect(61)
    assert window.keyboard.note_at(rect.center().x(), rect.center().y())[0] == 61


def test_the_near_end_of_a_key_is_louder_than_the_far_end(window):
    keyboard = window.keyboard
    _, soft = keyboard.note_at(*middle_of(keyboard, 60, depth=0.05))
    _, loud = keyboard.note_at(*middle_of(keyboard, 60, depth=0.98))
    assert soft < 40
    assert loud > 110


def test_sliding_plays_each_key_on_the_way_once_and_holds_one_at_a_time(window, instrument, drag):
    keyboard = window.keyboard
    places = [middle_of(keyboard, note) for note in (60, 60, 62, 64)]
    drag(keyboard, *places)
    played = [(type(event).__name__, event.note) for event in instrument.events]
    assert played == [
        ("NoteOn", 60),
        ("NoteOff", 60),
        ("NoteOn", 62),
        ("NoteOff", 62),
        ("NoteOn", 64),
        ("NoteOff", 64),
    ]


def test_the_keys_span_the_models_range(window):
    assert not window.keyboard.key_rect(24).isEmpty()
    assert not window.keyboard.key_rect(84).isEmpty()
    assert window.keyboard.key_rect(85).isEmpty()


@pytest.mark.parametrize(
    ("kind", "colour"),
    [
        (Freshness.FRESH, "fresh"),
        (Freshness.RENDERING, "rendering"),
        (Freshness.STALE, "stale"),
    ],
)
def test_a_key_is_underlined_by_how_fresh_its_note_is(theme, show, pixel, close_to, kind, colour):
    keyboard = show(Keyboard(theme), 1000, 130)
    before = pixel(keyboard, *mark_of(keyboard, 60))
    keyboard.show_freshness(bytes(kind if note == 60 else 0 for note in range(128)))
    after = pixel(keyboard, *mark_of(keyboard, 60))
    assert close_to(after, theme.colour(colour))
    assert not close_to(before, after)


def test_a_key_without_a_note_has_no_underline(theme, show, pixel, close_to):
    keyboard = show(Keyboard(theme), 1000, 130)
    assert close_to(pixel(keyboard, *mark_of(keyboard, 60)), theme.colour("white_key"))


def test_a_gated_key_is_coloured_by_its_velocity(theme, show, pixel, close_to):
    keyboard = show(Keyboard(theme), 1000, 130)
    place = middle_of(keyboard, 62, depth=0.7)
    keyboard.show_gated(bytes(127 if note == 62 else 0 for note in range(128)))
    assert close_to(pixel(keyboard, *place), theme.colour("accent"))
    keyboard.show_gated(bytes(128))
    assert close_to(pixel(keyboard, *place), theme.colour("white_key"))


def test_only_the_marks_that_changed_are_painted(theme, show, qtbot, monkeypatch):
    keyboard = show(Keyboard(theme), 1000, 130)
    qtbot.waitUntil(keyboard.isActiveWindow)
    QApplication.processEvents()
    painted, whole = [], []
    monkeypatch.setattr(keyboard, "_paint_mark", lambda _painter, note, _rect: painted.append(note))
    monkeypatch.setattr(keyboard, "_paint_key", lambda _painter, note, _rect: whole.append(note))
    keyboard.show_freshness(bytes(2 if note == 40 else 0 for note in range(128)))
    qtbot.waitUntil(lambda: 40 in painted)
    painted.clear()
    keyboard.show_freshness(bytes(2 if note in (40, 50) else 0 for note in range(128)))
    qtbot.waitUntil(lambda: 50 in painted)
    assert painted == [50]
    assert whole == []


def test_only_the_keys_that_changed_are_painted(theme, show, qtbot, monkeypatch):
    keyboard = show(Keyboard(theme), 1000, 130)
    qtbot.waitUntil(keyboard.isActiveWindow)
    QApplication.processEvents()
    painted = []
    monkeypatch.setattr(keyboard, "_paint_key", lambda _painter, note, _rect: painted.append(note))
    keyboard.show_gated(bytes(90 if note == 50 else 0 for note in range(128)))
    qtbot.waitUntil(lambda: 50 in painted)
    assert set(painted) <= set(range(48, 53))


def test_the_computers_keys_play_from_c4(window, instrument):
    for key in (Qt.Key.Key_A, Qt.Key.Key_W, Qt.Key.Key_K):
        QTest.keyClick(window, key)
    assert [event.note for event in instrument.posted(NoteOn)] == [60, 61, 72]
    assert [event.note for event in instrument.posted(NoteOff)] == [60, 61, 72]


def test_x_plays_an_octave_higher_and_v_louder(window, instrument):
    QTest.keyClick(window, Qt.Key.Key_A)
    QTest.keyClick(window, Qt.Key.Key_X)
    QTest.keyClick(window, Qt.Key.Key_V)
    QTest.keyClick(window, Qt.Key.Key_A)
    first, second = instrument.posted(NoteOn)
    assert second.note == first.note + 12
    assert second.velocity > first.velocity
    assert window.keyboard._letters[72] == "A"


def test_a_note_ends_though_the_octave_changed_while_it_was_held(window, instrument):
    QTest.keyPress(window, Qt.Key.Key_A)
    QTest.keyClick(window, Qt.Key.Key_X)
    QTest.keyRelease(window, Qt.Key.Key_A)
    assert [event.note for event in instrument.posted(NoteOff)] == [60]


def test_a_key_that_repeats_itself_plays_once(window, instrument):
    send_key(window, QEvent.Type.KeyPress, Qt.Key.Key_S)
    for _ in range(5):
        send_key(window, QEvent.Type.KeyRelease, Qt.Key.Key_S, repeat=True)
        send_key(window, QEvent.Type.KeyPress, Qt.Key.Key_S, repeat=True)
    assert len(instrument.posted(NoteOn)) == 1
    assert not instrument.posted(NoteOff)
    send_key(window, QEvent.Type.KeyRelease, Qt.Key.Key_S)
    assert len(instrument.posted(NoteOff)) == 1


def test_losing_the_focus_lets_every_key_go(window, instrument):
    for key in (Qt.Key.Key_A, Qt.Key.Key_D, Qt.Key.Key_G):
        QTest.keyPress(window, key)
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    assert sorted(event.note for event in instrument.posted(NoteOff)) == [60, 64, 67]


def test_typing_in_the_search_field_plays_nothing(window, instrument):
    window.browser.field.setFocus()
    QTest.keyClicks(window.browser.field, "sad")
    assert window.browser.field.text() == "sad"
    assert not instrument.posted(NoteOn)


def test_ctrl_with_a_letter_plays_nothing(window, instrument):
    QTest.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert not instrument.posted(NoteOn)


def test_two_hands_on_one_key_end_it_with_the_last(theme, show):
    keyboard = show(Keyboard(theme), 1000, 130)
    ended = []
    keyboard.note_off.connect(ended.append)
    keyboard.press(60, 90)
    keyboard.press(60, 90)
    keyboard.release(60)
    assert ended == []
    keyboard.release(60)
    assert ended == [60]


def test_the_arrow_keys_walk_along_the_keys_and_space_plays(window, instrument):
    window.keyboard.setFocus()
    QTest.keyClick(window.keyboard, Qt.Key.Key_Right)
    QTest.keyClick(window.keyboard, Qt.Key.Key_Space)
    assert [event.note for event in instrument.posted(NoteOn)] == [61]
    assert [event.note for event in instrument.posted(NoteOff)] == [61]
