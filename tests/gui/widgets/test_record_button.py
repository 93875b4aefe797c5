"""The record button: takes begin and end, the time runs, the menu is remembered."""

import pytest
from PySide6.QtCore import QSettings, Qt

from gui.widgets.record_button import RecordButton
from instrument import RecordSettings, RecordStatus


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def button(qtbot, theme, settings):
    button = RecordButton(theme, settings)
    qtbot.addWidget(button)
    button.resize(button.sizeHint())
    return button


def choose(button, words):
    next(action for action in button.menu().actions() if action.text() == words).trigger()


def test_a_click_begins_a_take_and_another_ends_it_and_says_where_it_is(window, instrument, qtbot):
    record = window.top.record
    qtbot.mouseClick(record, Qt.MouseButton.LeftButton, pos=record.rect().center())
    qtbot.waitUntil(lambda: instrument.called("start_recording") == [(RecordSettings(),)])
    qtbot.waitUntil(lambda: record.accessibleName() == "End the recording")
    qtbot.mouseClick(record, Qt.MouseButton.LeftButton, pos=record.rect().center())
    qtbot.waitUntil(lambda: instrument.called("stop_recording") == [()])
    qtbot.waitUntil(lambda: record.accessibleName() == "Record")
    qtbot.waitUntil(lambda: "/takes/take.wav" in str(window.notices.unseen))


def test_the_shortcut_records(window, instrument, qtbot):
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_R, modifiers)
    qtbot.waitUntil(lambda: instrument.called("start_recording") != [])


def test_the_time_of_the_take_stands_beside_the_dot(button):
    width = button.sizeHint().width()
    button.show_status(RecordStatus(is_running=True, seconds=75.4, path="take.wav"))
    assert button.sizeHint().width() > width
    assert "take.wav" in button.toolTip()
    assert button._words(RecordStatus(is_running=True, seconds=75.4)) == "1:15"


def test_the_menu_says_what_and_how_and_is_remembered(button, theme, settings, qtbot):
    choose(button, "MIDI only")
    choose(button, "FLAC")
    again = RecordButton(theme, settings)
    qtbot.addWidget(again)
    assert again.chosen == RecordSettings(sound=False, performance=True, format="flac")


def test_the_menu_changes_nothing_during_a_take(button):
    button.show_status(RecordStatus(is_running=True))
    assert not any(action.isEnabled() for action in button.menu().actions() if action.text())
