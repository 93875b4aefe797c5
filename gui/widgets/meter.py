"""How loud it is: two bars in decibels, with the latest peak and a light for clipping."""

import math
import time

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.bridge import Level

from . import theme as themes
from .theme import Theme
from .units_text import DASH, MINUS

FLOOR_DB = -60.0
FALL_DB_PER_SECOND = 30.0
PEAK_SECONDS = 1.5
WARM_DB = -12.0
HOT_DB = -3.0
CLIP = 0.999
TRUE_PEAK_LIMIT_DB = -1.0  # what streaming services and broadcasters ask for
LAMP = 38  # pixels at the right, for the lamp and the true peak under it
TICK_MILLISECONDS = 50  # longer than from one level to the next


class Meter(QWidget):
    """Two level bars, left above right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels = [FLOOR_DB, FLOOR_DB]
        self._peaks = [FLOOR_DB, FLOOR_DB]
        self._peak_times = [0.0, 0.0]
        self._last_fall = 0.0
        self._ground_picture = QPixmap()
        self._has_clipped = False
        self._true_peak = FLOOR_DB
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._fall)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Level")
        self.setToolTip(
            "Level in dB of full scale; the number is the largest true peak, between the samples, "
            "too.\nThe lamp shows clipping. A click puts both back"
        )

    def sizeHint(self) -> QSize:
        """Two bars and a scale."""
        return QSize(200, 26)

    @property
    def true_peak_db(self) -> float:
        """The largest true peak since it was last put back, in dB of full scale."""
        return self._true_peak

    def show_level(self, level: Level) -> None:
        """Rise at once to the largest samples since the last time; the fall takes its time."""
        now = time.monotonic()
        for i, peak in enumerate(level.peaks):
            height = _decibels(peak)
            self._levels[i] = max(self._levels[i], height)
            if height >= self._peaks[i]:
                self._peaks[i], self._peak_times[i] = height, now
        self._true_peak = max(self._true_peak, *(_decibels(peak) for peak in level.true_peaks))
        self._has_clipped = self._has_clipped or max(*level.peaks, *level.true_peaks) >= CLIP
        if max(self._levels) > FLOOR_DB:
            if not self._timer.isActive():
                self._last_fall = now
            self._timer.start()  # anew: it ticks by itself only when no more levels come
            self._fall()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """Put the clipping light out, and begin anew with the true peak."""
        self.reset()

    def reset(self) -> None:
        """Put the clipping light out, and begin anew with the true peak."""
        self._has_clipped = False
        self._true_peak = FLOOR_DB
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bars and the scale."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground())
        painter.setPen(Qt.PenStyle.NoPen)
        width = self.width() - LAMP
        for i in range(2):
            top = 6.0 * i
            self._paint_bar(painter, top, width, self._levels[i])
            if self._peaks[i] > FLOOR_DB:
                mark = QRectF(_share(self._peaks[i]) * width - 1, top, 2, 4)
                painter.fillRect(mark, self._theme.colour("text"))
        lamp = self._theme.colour("error" if self._has_clipped else "raised")
        painter.fillRect(QRectF(width + 4, 0, LAMP - 4, 10), lamp)
        self._paint_true_peak(painter, width)
        painter.end()

    def _ground(self) -> QPixmap:
        """Give what never changes, the scale and the empty bars, from a picture."""
        ratio = self.devicePixelRatioF()
        if self._ground_picture.size() == self.size() * ratio:
            return self._ground_picture
        pixmap = self._ground_picture = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.colour("panel"))
        painter = QPainter(pixmap)
        for top in (0.0, 6.0):
            painter.fillRect(QRectF(0, top, self.width() - LAMP, 4), self._theme.colour("raised"))
        self._paint_scale(painter, self.width() - LAMP)
        painter.end()
        return pixmap

    def _paint_bar(self, painter: QPainter, top: float, width: float, level: float) -> None:
        edges = (FLOOR_DB, WARM_DB, HOT_DB, 0.0)
        for first, last, name in zip(
            edges, edges[1:], ("fresh", "rendering", "error"), strict=False
        ):
            end = min(level, last)
            if end > first:
                left = _share(first) * width
                painter.fillRect(
                    QRectF(left, top, _share(end) * width - left, 4), self._theme.colour(name)
                )

    def _paint_true_peak(self, painter: QPainter, width: float) -> None:
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        is_hot = self._true_peak > TRUE_PEAK_LIMIT_DB
        painter.setPen(self._theme.colour("error" if is_hot else "text"))
        is_there = self._true_peak > FLOOR_DB
        words = f"{self._true_peak:+.1f}".replace("-", MINUS) if is_there else DASH
        place = QRectF(width - 4, 11, LAMP + 4, 14)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight, words)

    def _paint_scale(self, painter: QPainter, width: float) -> None:
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.setPen(self._theme.colour("dim"))
        for mark in (-48, -36, -24, -12):
            place = QRectF(_share(mark) * width - 20, 11, 40, 14)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, f"{MINUS}{-mark}")
        painter.drawText(QRectF(0, 11, 40, 14), Qt.AlignmentFlag.AlignLeft, "dB")

    def _fall(self) -> None:
        now = time.monotonic()
        way = FALL_DB_PER_SECOND * (now - self._last_fall)
        self._last_fall = now
        for i in range(2):
            self._levels[i] = max(self._levels[i] - way, FLOOR_DB)
            if now - self._peak_times[i] > PEAK_SECONDS:
                self._peaks[i] = max(self._peaks[i] - way, self._levels[i])
        if max(*self._levels, *self._peaks) <= FLOOR_DB:
            self._timer.stop()
        self.update()


def _decibels(peak: float) -> float:
    return max(20 * math.log10(peak), FLOOR_DB) if peak > 0 else FLOOR_DB


def _share(level_db: float) -> float:
    """Give a level's place on the scale, 0 to 1."""
    return min(max(1.0 - level_db / FLOOR_DB, 0.0), 1.0)
