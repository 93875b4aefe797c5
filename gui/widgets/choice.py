"""A combo box in the window's own dress."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox

from . import icons
from .theme import Theme


class Choice(QComboBox):
    """A combo box with a sign of its own for what opens it."""

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.view().setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(24)

    def choose(self, data: object) -> None:
        """Choose the entry that stands for `data`, if there is one."""
        place = self.findData(data)
        if place >= 0:
            self.setCurrentIndex(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field, and the sign at its right."""
        super().paintEvent(event)
        painter = QPainter(self)
        place = QRectF(self.width() - 23.0, self.height() / 2 - 6, 12, 12)
        icons.draw(painter, "down", place, self._theme.colour("dim"))
        painter.end()
