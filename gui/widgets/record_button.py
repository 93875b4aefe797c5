"""The record button: a dot, the time of the take, and a menu of what and how to record."""

from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QPoint, QRectF, QSettings, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QContextMenuEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QMenu

from instrument import RecordSettings, RecordStatus, SoundFormat

from . import theme as themes
from .theme import Theme

HEIGHT = 30
DOT, ARROW = 30, 14  # widths of the two parts

# What is recorded: its words, the sound, the performance.
WHAT = {
    "both": ("Sound and MIDI", True, True),
    "sound": ("Sound only", True, False),
    "performance": ("MIDI only", False, True),
}
FORMATS = {"wav24": "WAV, 24 bits", "wav32": "WAV, 32-bit float", "flac": "FLAC"}


class RecordButton(QAbstractButton):
    """Starts and ends a take; its arrow, or a right click, opens the menu."""

    started = Signal(object)
    stopped = Signal()

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        """Make it.

        Args:
            theme: The colours.
            settings: Where the choice of the menu is kept; None keeps nothing.
        """
        super().__init__()
        self._theme, self._settings = theme, settings
        self._status = RecordStatus()
        self._keys = ""
        self._what = self._kept("record/what", WHAT, "both")
        self._format = self._kept("record/format", FORMATS, "wav24")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(HEIGHT)
        self.clicked.connect(self.toggle)
        self._describe()

    @property
    def chosen(self) -> RecordSettings:
        """What the menu says."""
        _, sound, performance = WHAT[self._what]
        return RecordSettings(
            sound=sound, performance=performance, format=cast(SoundFormat, self._format)
        )

    def toggle(self) -> None:
        """Begin a take, or end the one that runs."""
        if self._status.is_running:
            self.stopped.emit()
        else:
            self.started.emit(self.chosen)

    def show_keys(self, keys: str) -> None:
        """Say in the tool tip which keys do the same."""
        self._keys = f" ({keys})" if keys else ""
        self._describe()

    def show_status(self, status: RecordStatus) -> None:
        """Show whether it records, and for how long."""
        if self._words(status) != self._words(self._status):
            self._status = status
            self._describe()
            self.updateGeometry()
            self.update()

    def menu(self) -> QMenu:
        """Make the menu of what and how to record."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        what, form = QActionGroup(menu), QActionGroup(menu)
        for key, (words, _, _) in WHAT.items():
            menu.addAction(self._choice(what, "_what", key, words))
        menu.addSeparator()
        for key, words in FORMATS.items():
            menu.addAction(self._choice(form, "_format", key, words))
        for action in menu.actions():
            action.setEnabled(not self._status.is_running)
        return menu

    def sizeHint(self) -> QSize:
        """Grow by the time of the take while it runs."""
        metrics = QFontMetrics(themes.font(themes.SMALL_PIXELS))
        words = self._words(self._status)
        return QSize(DOT + ARROW + (metrics.horizontalAdvance(words) + 4 if words else 0), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """As `sizeHint`."""
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the menu at the arrow; else be a button."""
        if event.position().x() > self.width() - ARROW:
            self._open_menu()
            event.accept()
        else:
            super().mousePressEvent(event)

    def contextMenuEvent(self, _event: QContextMenuEvent) -> None:
        """Open the menu."""
        self._open_menu()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the dot, the time and the arrow."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(self._theme.colour("accent") if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("hover"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        middle = self.height() / 2
        red = self._theme.colour("error")
        painter.setPen(QPen(red, 1.6))
        painter.setBrush(red if self._status.is_running else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(DOT / 2 - 5.5, middle - 5.5, 11, 11))
        if words := self._words(self._status):
            painter.setFont(themes.font(themes.SMALL_PIXELS))
            painter.setPen(self._theme.colour("text"))
            room = QRectF(DOT - 2, 0, self.width() - DOT - ARROW + 2, self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
        painter.setPen(QPen(self._theme.colour("dim"), 1.4))
        left = self.width() - ARROW
        painter.drawPolyline([QPoint(left + 2, 14), QPoint(left + 5, 17), QPoint(left + 8, 14)])
        painter.end()

    def _open_menu(self) -> None:
        self.menu().popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def _choice(self, group: QActionGroup, name: str, key: str, words: str) -> QAction:
        action = group.addAction(words)
        action.setCheckable(True)
        action.setChecked(getattr(self, name) == key)
        action.triggered.connect(lambda: self._choose(name, key))
        return action

    def _choose(self, name: str, key: str) -> None:
        setattr(self, name, key)
        if self._settings is not None:
            self._settings.setValue(f"record/{name[1:]}", key)
        self._describe()

    def _kept(self, name: str, known: Iterable[str], otherwise: str) -> str:
        value = self._settings.value(name) if self._settings is not None else None
        return value if isinstance(value, str) and value in known else otherwise

    def _describe(self) -> None:
        if self._status.is_running:
            self.setAccessibleName("End the recording")
            tip = f"End the recording{self._keys}: {self._status.path}"
        else:
            self.setAccessibleName("Record")
            what = WHAT[self._what][0].lower()
            tip = f"Record{self._keys}: {what.replace('midi', 'MIDI')}, {FORMATS[self._format]}"
        self.setToolTip(tip)

    @staticmethod
    def _words(status: RecordStatus) -> str:
        seconds = int(status.seconds)
        return f"{seconds // 60}:{seconds % 60:02d}" if status.is_running else ""
