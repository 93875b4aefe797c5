import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from gui.app import make_window
from gui.commands.commands import Command, Commands, KeysTakenError
from instrument import BY_NAME, NoteOn, Panic


@pytest.fixture
def told():
    return []


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def commands(qtbot, told, settings):
    return _commands(qtbot, told, settings)


def _commands(qtbot, told, settings):
    window = QWidget()
    qtbot.addWidget(window)
    commands = Commands(window, settings)
    commands.add(
        Command("save", "Save", "Presets", lambda: told.append("save"), "Ctrl+S"),
        Command("panic", "Panic", "Playing", lambda: told.append("panic"), "Ctrl+."),
        Command("centre", "Finger to the middle", "Pad", lambda: told.append("centre")),
    )
    commands.restore()
    return commands


def test_two_usual_keys_that_are_the_same_are_a_mistake_of_ours(commands):
    with pytest.raises(KeysTakenError, match=r"Ctrl\+S is taken by “Save”"):
        commands.add(Command("other", "Other", "Pad", print, "Ctrl+S"))


def test_new_keys_are_kept_for_the_next_start(qtbot, commands, told, settings):
    commands.set_keys("save", QKeySequence("Ctrl+Alt+S"))
    assert _commands(qtbot, told, settings).keys("save") == "Ctrl+Alt+S"


def test_two_actions_may_swap_their_keys_and_keep_them(qtbot, commands, told, settings):
    commands.set_keys("save", QKeySequence("F5"))
    commands.set_keys("panic", QKeySequence("Ctrl+S"))
    commands.set_keys("save", QKeySequence("Ctrl+."))
    again = _commands(qtbot, told, settings)
    assert (again.keys("save"), again.keys("panic")) == ("Ctrl+.", "Ctrl+S")


def test_keys_in_the_settings_that_another_action_has_are_left_out(qtbot, told, settings):
    settings.setValue("keys/centre", "Ctrl+S")
    commands = _commands(qtbot, told, settings)
    assert (commands.keys("save"), commands.keys("centre")) == ("Ctrl+S", "")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("Ctrl+.", "is taken by “Panic”. Give that one other keys first"),
        ("A", "plays a note"),
        ("Shift+Z", "plays a note or changes the octave"),
        ("Space", "works on what has the focus"),
        ("3", "works on what has the focus"),
    ],
)
def test_keys_that_can_not_be_had_are_refused_with_one_line(commands, keys, why):
    with pytest.raises(KeysTakenError, match=why) as raised:
        commands.set_keys("save", QKeySequence(keys))
    assert "\n" not in str(raised.value)
    assert commands.keys("save") == "Ctrl+S"


def test_all_keys_become_the_usual_ones_again(qtbot, commands, told, settings):
    commands.set_keys("save", QKeySequence("F5"))
    commands.set_keys("centre", QKeySequence("F6"))
    commands.reset_all()
    assert commands.keys("save") == "Ctrl+S"
    assert _commands(qtbot, told, settings).keys("centre") == ""


def test_a_tool_tip_follows_the_keys(commands, qtbot):
    button = QWidget()
    qtbot.addWidget(button)
    commands.tip(button, "save", "Save")
    assert button.toolTip() == "Save (Ctrl+S)"
    commands.set_keys("save", QKeySequence("F5"))
    assert button.toolTip() == "Save (F5)"
    commands.set_keys("save", QKeySequence())
    assert button.toolTip() == "Save"


def test_every_knob_can_be_reached_from_the_palette(window):
    for name in BY_NAME:
        window.commands.run(f"knob_{name}")
        focused = window.focusWidget()
        assert focused.parameter.name == name
        assert focused.isVisible()


def test_the_palette_finds_an_action_by_a_few_letters_and_does_it(window, instrument, qtbot):
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.palette_of_commands
    assert palette.isVisible()
    assert len(palette.shown()) == len(window.commands.table) - 1  # not the palette itself
    QTest.keyClicks(palette.field, "panc")
    assert palette.shown()[0] == "panic"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert instrument.posted(Panic)
    assert not instrument.posted(NoteOn)  # the letters were typed, not played


def test_the_arrow_keys_choose_in_the_palette(window):
    window.show_palette()
    palette = window.palette_of_commands
    QTest.keyClicks(palette.field, "octave")
    first = palette.list.currentItem()
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentItem() is palette.list.itemBelow(first)


def test_the_palette_shows_the_keys_and_what_can_not_be_done_now(window):
    window.show_palette()
    items = {
        window.palette_of_commands.list.topLevelItem(i).data(0, Qt.ItemDataRole.UserRole): (
            window.palette_of_commands.list.topLevelItem(i)
        )
        for i in range(len(window.commands.table) - 1)
    }
    assert items["save"].text(2) == "Ctrl+S"
    assert items["redo"].isDisabled()
    assert not items["save"].isDisabled()


def test_the_list_of_keys_has_every_action_and_gives_one_other_keys(window, instrument):
    window.show_settings("keys")
    page = window.devices.keys
    assert page.list.topLevelItemCount() == len(window.commands.table)
    page.choose("panic")
    page.field.setKeySequence(QKeySequence("F9"))
    page.field.editingFinished.emit()
    assert window.commands.keys("panic") == "F9"
    assert page.list.currentItem().text(2) == "F9"
    window.devices.close()
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_F9)
    assert instrument.posted(Panic)


def test_the_list_of_keys_refuses_keys_that_are_taken(window):
    window.show_settings("keys")
    page = window.devices.keys
    page.choose("panic")
    page.field.setKeySequence(QKeySequence("Ctrl+S"))
    page.field.editingFinished.emit()
    assert "is taken by “Save”" in page.problem.text()
    assert window.commands.keys("panic") == "Ctrl+."
    assert page.field.keySequence() == QKeySequence("Ctrl+.")
    page.none.click()
    assert window.commands.keys("panic") == ""
    page.usual.click()
    assert window.commands.keys("panic") == "Ctrl+."


def test_the_menu_of_the_preset_is_made_of_the_same_actions(window):
    shown = {action.text(): action for action in window.top.preset_menu().actions()}
    assert shown["Save"] is window.commands.action("save")
    assert shown["Save"].shortcut().toString() == "Ctrl+S"


def test_there_are_no_keys_beside_the_list(window):
    assert [s.key().toString() for s in window.findChildren(QShortcut)] == ["Del"]  # on one list


def test_a_window_without_settings_forgets_its_keys(qtbot, library, instrument):
    window, bridge = make_window(lambda: instrument, library)
    qtbot.addWidget(window)
    window.commands.set_keys("save", QKeySequence("F5"))
    assert window.commands.keys("save") == "F5"
    bridge.end()
