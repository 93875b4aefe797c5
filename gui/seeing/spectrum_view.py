"""What sounds now, by frequency: bars that rise at once and fall slowly."""

import math
import time

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

HEIGHT = 58
TOP, BELOW = 8.0, 5.0  # pixels above and below the bars: the screen's corners are round
FALL_PER_SECOND = 0.55  # of the whole height
TICK_MILLISECONDS = 50  # longer than from one spectrum to the next
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
        self._lit_key: object = None
        self._lit_picture, self._marks_picture = QPixmap(), QPixmap()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._fall)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
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
        if self._target:
            if not self._timer.isActive():
                self._last_fall = time.monotonic()
            self._timer.start()  # anew: it ticks by itself only when no more spectra come
            self._fall()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the screen with every bar lit to its top, then cover what is not."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._lit(len(self._levels)))
        if self._levels:
            width, height = self.width() / len(self._levels), self._base - TOP
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("screen"))
            painter.drawRects(
                [
                    QRectF(place * width, TOP, width, (1.0 - level) * height)
                    for place, level in enumerate(self._levels)
                ]
            )
        painter.drawPixmap(0, 0, self._marks_picture)
        painter.end()

    @property
    def _base(self) -> float:
        return self.height() - BELOW

    def _lit(self, n_bars: int) -> QPixmap:
        """Give the screen with so many bars, all of them at their highest, from a picture."""
        key = (self.size(), n_bars, self.devicePixelRatioF())
        if key != self._lit_key:
            self._lit_key = key
            self._lit_picture = self._draw_lit(n_bars)
            self._marks_picture = self._draw_marks()
        return self._lit_picture

    def _draw_lit(self, n_bars: int) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.colour("panel"))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), themes.RADIUS, themes.RADIUS)
        painter.fillPath(outline, self._theme.colour("screen"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        fill = QLinearGradient(0, TOP, 0, self._base)
        fill.setColorAt(0.0, self._theme.colour("screen_accent"))
        fill.setColorAt(1.0, self._theme.colour("screen_accent", 0.35))
        width = self.width() / max(n_bars, 1)
        for place in range(n_bars):
            painter.fillRect(QRectF(place * width, TOP, width - 1, self._base - TOP), fill)
        painter.end()
        return pixmap

    def _draw_marks(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        for frequency, words in MARKS:
            x = self._place_of(frequency)
            painter.fillRect(QRectF(x, 0, 1, self.height()), QColor(255, 255, 255, 20))
            painter.setPen(QColor(255, 255, 255, 100))
            painter.drawText(QRectF(x + 3, 1, 40, 13), Qt.AlignmentFlag.AlignLeft, words)
        painter.end()
        return pixmap

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
