"""Which pitches the notes of a data set cover: a row of bars, and a row for each instrument."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme
from gui.widgets.units_text import note_name

from .training_files import Verdict

LOWEST, HIGHEST = 24, 84  # what the recipes train

_NAMES, _BARS, _ROW, _FOOT = 92.0, 62.0, 15.0, 16.0
_MOST_ROWS = 8


class CoverageView(QWidget):
    """Draws what a verdict counts."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._verdict: Verdict | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Coverage")

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        n_rows = min(len(self._verdict.instruments), _MOST_ROWS) if self._verdict else 0
        return QSize(400, round(_BARS + _ROW * n_rows + _FOOT))

    def show_verdict(self, verdict: Verdict) -> None:
        """Show what there is of each pitch."""
        self._verdict = verdict
        there = [pitch for pitch in verdict.pitches if LOWEST <= pitch <= HIGHEST]
        words = f"{len(there)} of {HIGHEST - LOWEST + 1} pitches"
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.updateGeometry()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw bars, rows and the names of the octaves."""
        if self._verdict is None:
            return
        painter = QPainter(self)
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        top = _BARS
        self._draw_bars(painter, self._verdict.pitches)
        instruments = self._verdict.instruments
        shown = instruments[: _MOST_ROWS if len(instruments) <= _MOST_ROWS else _MOST_ROWS - 1]
        for instrument in shown:
            self._draw_row(painter, top, instrument.name, instrument.pitches)
            top += _ROW
        if len(instruments) > len(shown):
            painter.setPen(self._theme.colour("dim"))
            room = QRectF(0, top, self.width(), _ROW)
            words = f"and {len(instruments) - len(shown)} more instruments"
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
            top += _ROW
        painter.setPen(self._theme.colour("dim"))
        for pitch in range(LOWEST, HIGHEST + 1, 12):
            cell = self._cell(pitch)
            place = QRectF(cell.center().x() - 20, top, 40, _FOOT)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, note_name(pitch))
        painter.end()

    def _draw_bars(self, painter: QPainter, pitches: dict[int, int]) -> None:
        most = max(pitches.values(), default=1)
        painter.setPen(self._theme.colour("dim"))
        metrics = QFontMetricsF(painter.font())
        painter.drawText(QRectF(0, 0, _NAMES, metrics.height()), f"up to {most} notes")
        for pitch in range(LOWEST, HIGHEST + 1):
            cell, n = self._cell(pitch), pitches.get(pitch, 0)
            height = max(3.0, (_BARS - 6) * n / most) if n else 2.0
            bar = QRectF(cell.left(), _BARS - 4 - height, cell.width(), height)
            painter.fillRect(bar, self._theme.colour("fresh" if n else "line"))

    def _draw_row(self, painter: QPainter, top: float, name: str, pitches: dict[int, int]) -> None:
        room = QRectF(0, top, _NAMES - 8, _ROW)
        metrics = QFontMetricsF(painter.font())
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(self._theme.colour("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
        for pitch in range(LOWEST, HIGHEST + 1):
            cell = self._cell(pitch)
            colour = self._theme.colour("fresh", 0.75) if pitch in pitches else None
            box = QRectF(cell.left(), top + 2, cell.width(), _ROW - 4)
            painter.fillRect(box, colour or self._theme.colour("raised"))

    def _cell(self, pitch: int) -> QRectF:
        """Give the place of a pitch; only its sides count."""
        step = (self.width() - _NAMES - 14) / (HIGHEST - LOWEST + 1)
        return QRectF(_NAMES + (pitch - LOWEST) * step, 0, max(1.0, step - 1), 1)
