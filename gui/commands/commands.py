"""Every action of the window by its name: what menus, buttons, keys and the palette are made of."""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QKeyCombination, QObject, QSettings, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from gui.widgets.computer_keys import NOTE_KEYS

NATIVE = QKeySequence.SequenceFormat.NativeText
PORTABLE = QKeySequence.SequenceFormat.PortableText

_PLAYING_KEYS = {Qt.Key(ord(letter)) for letter in (*NOTE_KEYS, *"ZXCV")}
_MOVING_KEYS = {
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Space, Qt.Key.Key_Delete),
    *(Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3),
    Qt.Key.Key_4,
}
_UNBOUND = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.ShiftModifier


class KeysTakenError(ValueError):
    """Keys can't be given to an action; the message is one line that says why."""


class Command(NamedTuple):
    """One action.

    Attributes:
        name: By which it is known, also in the settings.
        text: What it does, as in a menu.
        group: Under which it is listed.
        act: Does it.
        keys: Usual ones, in Qt's portable writing; "" for none.
        words: More words by which it is found.
    """

    name: str
    text: str
    group: str
    act: Callable[[], object]
    keys: str = ""
    words: str = ""


class Commands(QObject):
    """The actions of one window; their keys are the player's, and are kept."""

    keys_changed = Signal()

    def __init__(self, window: QWidget, settings: QSettings | None = None) -> None:
        """Begin without any.

        Args:
            window: In which the keys act.
            settings: Where the player's keys are kept; None keeps nothing.
        """
        super().__init__(window)
        self._window, self._settings = window, settings
        self.table: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._tips: dict[str, list[tuple[QWidget, str]]] = {}

    def add(self, *commands: Command) -> None:
        """Add actions.

        Raises:
            ValueError: If there is one of this name, or one with these keys.
        """
        for command in commands:
            if command.name in self.table:
                raise ValueError(f"there is an action {command.name} already")
            self._check(command.name, QKeySequence(command.keys), is_usual=True)
            self.table[command.name] = command
            action = QAction(command.text, self._window)
            # a lambda keeps the action's own argument away
            action.triggered.connect(lambda _checked=False, act=command.act: act())
            action.setShortcut(QKeySequence(command.keys))
            self._window.addAction(action)
            self._actions[command.name] = action

    def restore(self) -> None:
        """Take the keys that the player has chosen; those that can't be had give way to none."""
        settings = self._settings
        chosen = {
            name: settings.value(f"keys/{name}") if settings is not None else None
            for name in self.table
        }
        for name, keys in chosen.items():
            if isinstance(keys, str):
                self._actions[name].setShortcut(QKeySequence())  # so that two may have swapped
        for name, keys in chosen.items():
            if isinstance(keys, str):
                with contextlib.suppress(KeysTakenError):
                    self._check(name, QKeySequence(keys))
                    self._actions[name].setShortcut(QKeySequence(keys))
        self._tell()

    def action(self, name: str) -> QAction:
        """Give an action by its name."""
        return self._actions[name]

    def run(self, name: str) -> None:
        """Do an action, if it can be done now."""
        self._actions[name].trigger()

    def keys(self, name: str) -> str:
        """Give the keys of an action as this system writes them; "" for none."""
        return self._actions[name].shortcut().toString(NATIVE)

    def is_usual(self, name: str) -> bool:
        """Whether an action has the keys that it came with."""
        return self._actions[name].shortcut() == QKeySequence(self.table[name].keys)

    def set_keys(self, name: str, keys: QKeySequence) -> None:
        """Give an action other keys; none for none.

        Raises:
            KeysTakenError: If another action has them, or they play or move something.
        """
        self._check(name, keys)
        self._actions[name].setShortcut(keys)
        if self._settings is not None:
            if self.is_usual(name):
                self._settings.remove(f"keys/{name}")
            else:
                self._settings.setValue(f"keys/{name}", keys.toString(PORTABLE))
        self._tell()

    def reset(self, name: str) -> None:
        """Give an action the keys that it came with.

        Raises:
            KeysTakenError: If another action has them now.
        """
        self.set_keys(name, QKeySequence(self.table[name].keys))

    def reset_all(self) -> None:
        """Give every action the keys that it came with."""
        for name, command in self.table.items():
            self._actions[name].setShortcut(QKeySequence(command.keys))
        if self._settings is not None:
            self._settings.remove("keys")
        self._tell()

    def tip(self, widget: QWidget, name: str, words: str) -> None:
        """Give a widget a tool tip that ends with the keys of an action, whatever they are."""
        self._tips.setdefault(name, []).append((widget, words))
        self._show_tip(widget, name, words)

    def attach(self, button: QAbstractButton, name: str, words: str) -> None:
        """Let a button do an action, and say its keys; it can be pressed while the action can."""
        action = self._actions[name]
        button.clicked.connect(action.trigger)
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        self.tip(button, name, words)

    def add_to(self, menu: QMenu, *names: str) -> None:
        """Add actions to a menu; an empty name is a line."""
        for name in names:
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()

    def _check(self, name: str, keys: QKeySequence, *, is_usual: bool = False) -> None:
        if keys.isEmpty():
            return
        words = keys.toString(NATIVE)
        for other, action in self._actions.items():
            if other != name and action.shortcut() == keys:
                raise KeysTakenError(
                    f"{words} is taken by “{self.table[other].text}”. Give that one other keys "
                    "first, or choose others here."
                )
        first = QKeyCombination.fromCombined(keys[0].toCombined())  # type: ignore[index]
        if is_usual or first.keyboardModifiers() & ~_UNBOUND:
            return
        if first.key() in _PLAYING_KEYS:
            raise KeysTakenError(f"{words} plays a note or changes the octave. Add Ctrl or Alt.")
        if first.key() in _MOVING_KEYS:
            raise KeysTakenError(f"{words} works on what has the focus. Add Ctrl or Alt.")

    def _tell(self) -> None:
        for name, tips in self._tips.items():
            for widget, words in tips:
                self._show_tip(widget, name, words)
        self.keys_changed.emit()

    def _show_tip(self, widget: QWidget, name: str, words: str) -> None:
        keys = self.keys(name)
        widget.setToolTip(f"{words} ({keys})" if keys else words)
