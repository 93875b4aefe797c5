"""The small pictures in the lists of sounds: drawn from measured features, never decoration."""

import math
import random
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPixmap

from gui.widgets.timbre_colour import Features, colour_of, corner_features, field_image
from instrument import Preset, Timbre

N_LINES = 7
N_GRAINS = 90


def timbre_picture(features: Features, size: QSize) -> QPixmap:
    """Draw a timbre as its note would look.

    As many lines are bright as the sound is; they come in as slowly as its attack and go as soon
    as its decay; breath scatters grains between them.
    """
    pixmap, painter = _screen(size)
    colour = colour_of(features)
    width, height = size.width(), size.height()
    for line in range(N_LINES):
        slope = 0.12 + 1.9 * (1.0 - features.brightness)
        strength = math.exp(-slope * line / 2.2) * (1.0 - 0.4 * features.noisiness)
        y = height * (1.0 - (line + 1) / (N_LINES + 1))
        fill = _fade(colour, width, features, strength)
        painter.fillRect(QRectF(0, y - height / 36, width, max(height / 18, 1.0)), fill)
    grains = random.Random(0)  # the same grains at each drawing
    for _ in range(round(N_GRAINS * features.noisiness)):
        colour.setAlphaF(0.6 * grains.random())
        place = QPointF(width * grains.random(), height * grains.random())
        painter.fillRect(
            QRectF(place, QPointF(place.x() + width / 22, place.y() + height / 28)), colour
        )
    painter.end()
    return pixmap


def preset_picture(preset: Preset | None, timbres: Sequence[Timbre], size: QSize) -> QPixmap:
    """Draw a preset as its pad, with the finger where it was; None is a dark screen."""
    pixmap, painter = _screen(size)
    rect = QRectF(0, 0, size.width(), size.height())
    if preset is not None and preset.corners:
        features = [corner_features(point, timbres) for point in preset.corners]
        places = [point.place for point in preset.corners]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(rect, field_image(features, places, 6, depth=0.45))
        inset = min(size.height(), size.width()) / 7
        inner = rect.adjusted(inset, inset, -inset, -inset)
        place = QPointF(
            inner.left() + preset.pad_x * inner.width(),
            inner.bottom() - preset.pad_y * inner.height(),
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 90))
        painter.drawEllipse(place, inset * 0.95, inset * 0.95)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(place, inset * 0.66, inset * 0.66)
    painter.end()
    return pixmap


def _screen(size: QSize) -> tuple[QPixmap, QPainter]:
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    outline = QPainterPath()
    radius = size.height() / 9
    outline.addRoundedRect(QRectF(0, 0, size.width(), size.height()), radius, radius)
    painter.setClipPath(outline)
    painter.fillPath(outline, QColor("#0b0c0f"))
    return pixmap, painter


def _fade(colour: QColor, width: int, features: Features, strength: float) -> QLinearGradient:
    gradient = QLinearGradient(0, 0, width, 0)
    rise = 0.04 + 0.5 * features.attack
    for place, level in ((0.0, 0.0), (rise, 1.0), (1.0, features.decay**0.7)):
        stop = QColor(colour)
        stop.setAlphaF(min(max(strength * level, 0.0), 1.0))
        gradient.setColorAt(place, stop)
    return gradient
