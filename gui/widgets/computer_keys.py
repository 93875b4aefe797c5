"""The computer's keys as piano keys, wherever in the window the focus is.

Two rows as on a tracker: A W S E D F ... are C, C sharp, D, ...; Z and X move by an octave, C and
V change the velocity. A key that is held and repeats itself plays once, and nothing hangs when
the window loses the focus.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QTextEdit, QWidget

NOTE_KEYS = "AWSEDFTGYHUJKOLP;'"
"""In the order of the semitones, the first a C."""

_SEMITONES = {Qt.Key(ord(letter)): place for place, letter in enumerate(NOTE_KEYS)}
OCTAVE, VELOCITY_STEP = 12, 16
_OCTAVES = {Qt.Key.Key_Z: -1, Qt.Key.Key_X: 1}
_VELOCITIES = {Qt.Key.Key_C: -1, Qt.Key.Key_V: 1}
_PLAIN = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.ShiftModifier
_PLAIN |= Qt.KeyboardModifier.KeypadModifier
_TYPING = (QLineEdit, QTextEdit, QAbstractSpinBox)
_UP = {QEvent.Type.ApplicationDeactivate, QEvent.Type.WindowDeactivate}

LOWEST_BASE, HIGHEST_BASE = 12, 96


class ComputerKeys(QObject):
    """Watches the application's key events for one window.

    Attributes:
        base: The note of the key A.
        velocity: Of every note, 1 to 127.
    """

    note_on = Signal(int, int)
    note_off = Signal(int)
    layout_changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.base = 60
        self.velocity = 96
        self._window = window
        self._down: dict[int, int] = {}
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def labels(self) -> dict[int, str]:
        """Give the letter that plays each note now."""
        return {self.base + place: letter for place, letter in enumerate(NOTE_KEYS)}

    def release_all(self) -> None:
        """Let every key go."""
        for note in self._down.values():
            self.note_off.emit(note)
        self._down.clear()

    def shift_octave(self, step: int) -> None:
        """Move all keys by octaves."""
        self._shift(lambda: self._set_base(self.base + OCTAVE * step))

    def shift_velocity(self, step: int) -> None:
        """Play louder (1) or softer (-1)."""
        self._shift(lambda: self._set_velocity(self.velocity + VELOCITY_STEP * step))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is played before a widget sees it."""
        kind = event.type()
        if kind in _UP and (kind == QEvent.Type.ApplicationDeactivate or watched is self._window):
            self.release_all()
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press(event)
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            return self._release(event)
        return False

    def _press(self, event: QKeyEvent) -> bool:
        if not self._is_playing(event):
            return False
        if event.isAutoRepeat():
            return True
        key = Qt.Key(event.key())
        if key in _SEMITONES:
            self._play(_identity(event), self.base + _SEMITONES[key])
        elif key in _OCTAVES:
            self.shift_octave(_OCTAVES[key])
        else:
            self.shift_velocity(_VELOCITIES[key])
        return True

    def _release(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return _identity(event) in self._down
        note = self._down.pop(_identity(event), None)
        if note is None:
            return False
        self.note_off.emit(note)
        return True

    def _play(self, identity: int, note: int) -> None:
        if identity not in self._down and 0 <= note <= 127:
            self._down[identity] = note
            self.note_on.emit(note, self.velocity)

    def _set_base(self, base: int) -> None:
        self.base = min(max(base, LOWEST_BASE), HIGHEST_BASE)

    def _set_velocity(self, velocity: int) -> None:
        self.velocity = min(max(velocity, 1), 127)

    def _shift(self, change: Callable[[], None]) -> None:
        change()
        self.layout_changed.emit()

    def _is_playing(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key not in _SEMITONES and key not in _OCTAVES and key not in _VELOCITIES:
            return False
        if event.modifiers() & ~_PLAIN:
            return False
        if QApplication.activePopupWidget() or QApplication.activeModalWidget():
            return False
        return not isinstance(QApplication.focusWidget(), _TYPING)


def _identity(event: QKeyEvent) -> int:
    """Name a key so that its release is known again, Shift or not: ";" may come up as ":"."""
    return event.nativeScanCode() or -event.key()
