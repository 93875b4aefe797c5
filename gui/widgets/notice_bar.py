"""Notices over the window, newest on top; each stays until the player has put it away."""

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from . import icons
from .theme import Theme

MAXIMUM_WIDTH = 720


class NoticeBar(QWidget):
    """One line, how many more there are, and a button that puts it away."""

    emptied = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._unseen: list[tuple[str, bool]] = []
        self._room = parent.rect()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more = QLabel()
        self.more.setProperty("role", "caption")
        self.away = QToolButton()
        self.away.setProperty("role", "flat")
        self.away.setIcon(icons.icon("close", theme.colour("dim")))
        self.away.setAccessibleName("Put the notice away")
        self.away.setToolTip("Put away (Esc)")
        self.away.clicked.connect(self.put_away)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 7, 7, 7)
        layout.setSpacing(10)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.more)
        layout.addWidget(self.away, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def unseen(self) -> tuple[str, ...]:
        """The texts of the notices that have not been put away, oldest first."""
        return tuple(text for text, _ in self._unseen)

    def add(self, text: str, is_error: bool) -> None:
        """Show a notice; the same one twice in a row is one."""
        if not self._unseen or self._unseen[-1] != (text, is_error):
            self._unseen.append((text, is_error))
        self._show()

    def put_away(self) -> None:
        """Put the newest away; the one before it comes up."""
        if self._unseen:
            self._unseen.pop()
        self._show()

    def place_in(self, room: QRect) -> None:
        """Hang from the top of a part of the parent, from now on."""
        self._room = room
        layout = self.layout()
        assert layout is not None
        width = min(MAXIMUM_WIDTH, room.width() - 16)
        height = max(layout.totalHeightForWidth(width), 36)
        self.setGeometry(room.center().x() - width // 2, room.top() + 6, width, height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw a card with a bar in the colour of how bad it is."""
        if not self._unseen:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        name = "error" if self._unseen[-1][1] else "good"
        card = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(self._theme.colour(name, 0.7), 1))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(card, 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(name))
        painter.drawRoundedRect(QRectF(6, 8, 3, self.height() - 16), 1.5, 1.5)
        painter.end()

    def _show(self) -> None:
        self.setVisible(bool(self._unseen))
        if not self._unseen:
            self.emptied.emit()
            return
        text, is_error = self._unseen[-1]
        self.text.setText(text)
        self.text.setAccessibleName(f"{'Error' if is_error else 'Notice'}: {text}")
        n_more = len(self._unseen) - 1
        self.more.setText(f"{n_more} more" if n_more else "")
        self.place_in(self._room)
        self.raise_()
        self.update()
