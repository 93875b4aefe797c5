"""A card over the pad that says what is missing, and one button that helps."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

from .hints import Hint

MAXIMUM_WIDTH = 430
BOTTOM = 54  # pixels of the parent that stay free below


class HintCard(QWidget):
    """Shows a `Hint`; hidden while there is none."""

    acted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._hint: Hint | None = None
        self.title = QLabel()
        self.title.setFont(themes.font(bold=True))
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setProperty("role", "caption")
        self.button = QPushButton("Help")
        self.button.clicked.connect(self._act)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.setSpacing(12)
        layout.addLayout(words, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.hide()
        parent.installEventFilter(self)

    def show_hint(self, hint: Hint | None) -> None:
        """Show a hint, or none."""
        if hint == self._hint:
            return
        self._hint = hint
        self.setVisible(hint is not None)
        if hint is not None:
            self.title.setText(hint.title)
            self.text.setText(hint.text)
            if hint.button:
                self.button.setText(hint.button)
            self.button.setVisible(bool(hint.button))
            self.setAccessibleName(f"{hint.title}. {hint.text}")
            self.place()
            self.raise_()  # over points that were made later

    def place(self) -> None:
        """Stand at the bottom of the parent, where it is least in the way of the finger."""
        parent, layout = self.parentWidget(), self.layout()
        assert parent is not None
        assert layout is not None
        room = parent.rect()
        width = min(MAXIMUM_WIDTH, room.width() - 90)
        height = layout.totalHeightForWidth(width)
        top = room.height() - BOTTOM - height
        self.setGeometry(room.center().x() - width // 2, top, width, height)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the parent's size."""
        if event.type() == QEvent.Type.Resize and self._hint is not None:
            self.place()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("line"), 1))
        painter.setBrush(self._theme.colour("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.end()

    def _act(self) -> None:
        if self._hint is not None:
            self.acted.emit(self._hint.action)
