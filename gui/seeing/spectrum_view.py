"""What sounds now, by frequency: bars that rise at once and fall slowly."""

import math
import time

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

HEIGHT = 58
FALL_PER_SECOND = 0.55  # of the whole height
TICK_MILLISECONDS = 34
LOWEST_HZ, HIGHEST_HZ = 30.0, 18000.0  # of the bands in the instrument's status
MARKS = ((100, "100"), (1000, "1k"), (10000, "10k"))


class SpectrumView(QWidget):
    """A small dark screen; it rests when nothing sounds."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels: list[float] = []
        self._target: list[float] = []
        self._last_fall = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._fall)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Spectrum")
        self.setToolTip("What sounds now, from 30 Hz to 18 kHz; the whole height is 90 dB")

    def sizeHint(self) -> QSize:
        """As wide as the note above it."""
        return QSize(280, HEIGHT)

    @property
    def levels(self) -> tuple[float, ...]:
        """What is shown of each band, 0 to 1, the lowest first; empty for silence."""
        return tuple(self._levels)

    def show_spectrum(self, spectrum: bytes) -> None:
        """Show the spectrum of a status, or that nothing sounds any more."""
        self._target = [value / 255.0 for value in spectrum]
        if self._target and len(self._levels) != len(self._target):
            self._levels = [0.0] * len(self._target)
        if self._target and not self._timer.isActive():
            self._last_fall = time.monotonic()
            self._timer.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the screen, the marks and the bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        screen = QRectF(self.rect())
        outline = QPainterPath()
        outline.addRoundedRect(screen, themes.RADIUS, themes.RADIUS)
        painter.fillPath(outline, self._theme.colour("screen"))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        for frequency, words in MARKS:
            x = self._place_of(frequency)
            painter.fillRect(QRectF(x, 0, 1, self.height()), QColor(255, 255, 255, 20))
            painter.setPen(QColor(255, 255, 255, 100))
            painter.drawText(QRectF(x + 3, 1, 40, 13), Qt.AlignmentFlag.AlignLeft, words)
        if self._levels:
            self._paint_bars(painter)
        painter.end()

    def _paint_bars(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        width, height = self.width() / len(self._levels), self.height() - 4.0
        fill = QLinearGradient(0, 0, 0, self.height())
        fill.setColorAt(0.0, self._theme.colour("screen_accent"))
        fill.setColorAt(1.0, self._theme.colour("screen_accent", 0.35))
        for place, level in enumerate(self._levels):
            if level > 0.0:
                bar = QRectF(
                    place * width, self.height() - level * height, width - 1, level * height
                )
                painter.fillRect(bar, fill)

    def _place_of(self, frequency: float) -> float:
        return self.width() * math.log(frequency / LOWEST_HZ) / math.log(HIGHEST_HZ / LOWEST_HZ)

    def _fall(self) -> None:
        now = time.monotonic()
        way = FALL_PER_SECOND * (now - self._last_fall)
        self._last_fall = now
        target = self._target or [0.0] * len(self._levels)
        self._levels = [max(new, old - way) for new, old in zip(target, self._levels, strict=True)]
        if not self._target and max(self._levels, default=0.0) <= 0.0:
            self._levels = []
            self._timer.stop()
        self.update()
