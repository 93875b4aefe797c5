"""White words with a dark halo, to be read on any colour; drawn once and kept as pictures."""

import functools

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from . import theme as themes

MOST_KEPT = 512  # every per cent from 0 to 100 in a few sizes, and names
HALO = 3.0  # pixels of the halo's pen
_MARGIN = 2.0


def paint_halo_text(
    painter: QPainter, left: float, base: float, text: str, pixels: int, *, bold: bool, alpha: int
) -> None:
    """Draw a line of text.

    Args:
        painter: Where to.
        left: Where the text begins, in pixels.
        base: Of its letters.
        text: The words.
        pixels: The letters' size.
        bold: Whether in bold letters.
        alpha: Of the white, 0..255.
    """
    ratio = painter.device().devicePixelRatioF()
    picture = _picture(text, pixels, bold, alpha, ratio)
    ascent = QFontMetricsF(themes.font(pixels, bold=bold)).ascent()
    painter.drawPixmap(QPointF(left - _MARGIN, base - ascent - _MARGIN), picture)


@functools.lru_cache(MOST_KEPT)
def _picture(text: str, pixels: int, bold: bool, alpha: int, ratio: float) -> QPixmap:
    font = themes.font(pixels, bold=bold)
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(text) + 2 * _MARGIN + 1
    size = QSize(round(width), round(metrics.height() + 2 * _MARGIN))
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    place = QPointF(_MARGIN, _MARGIN + metrics.ascent())
    outline = QPainterPath()
    outline.addText(place, font, text)
    halo = QPen(QColor(0, 0, 0, 130), HALO)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(halo)
    painter.drawPath(outline)
    painter.setFont(font)
    painter.setPen(QColor(255, 255, 255, alpha))
    painter.drawText(place, text)
    painter.end()
    return pixmap
