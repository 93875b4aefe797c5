"""Where the finger is, in words over the pad."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

SIZE = QSize(120, 16)


class PlaceLabel(QWidget):
    """Changes with each frame, so it fills its own ground and lays out nothing anew.

    No QLabel: the style sheet would make that one transparent, and all below it drawn each time.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self.setFixedSize(SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def text(self) -> str:
        """Give what it says."""
        return self._text

    def show_place(self, x: float, y: float) -> None:
        """Show a place, each 0 to 1."""
        self._text = f"x {100 * x:.1f}   y {100 * y:.1f}"
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("window"))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.setPen(self._theme.colour("dim"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()
