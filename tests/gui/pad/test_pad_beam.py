"""A beam of hairlines is as thick as the line that it stands for."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from gui.pad.pad_beam import paint_beam

START = QPointF(50, 50)


def thickness(end, width, ratio=1.0):
    """Paint a beam, and give how many of its own pixels it is thick in the middle of its way."""
    image = QImage(round(100 * ratio), round(100 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("black"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_beam(painter, START, end, width, QColor("white"))
    painter.end()
    middle = (START + end) / 2
    is_steep = abs(end.y() - START.y()) > abs(end.x() - START.x())
    fixed = round((middle.y() if is_steep else middle.x()) * ratio)
    line = [
        image.pixelColor(*((i, fixed) if is_steep else (fixed, i))).red() / 255
        for i in range(image.width())
    ]
    return sum(line) / ratio


@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("end", [QPointF(95, 50), QPointF(50, 5)], ids=["level", "upright"])
def test_it_is_as_thick_as_asked_for(end, width):
    assert thickness(end, width) == pytest.approx(width, abs=0.3)


def test_a_slanted_one_is_thicker_along_the_grid_than_across_itself():
    assert thickness(QPointF(95, 95), 4.0) == pytest.approx(4.0 * 2**0.5, abs=1.1)


def test_a_fine_screen_gets_finer_lines_of_the_same_thickness():
    assert thickness(QPointF(95, 50), 3.0, ratio=2.0) == pytest.approx(3.0, abs=0.3)


def test_the_thinnest_can_be_seen():
    assert thickness(QPointF(95, 60), 0.2) == pytest.approx(1.0, abs=0.3)


def test_a_finger_on_its_point_is_no_error():
    assert thickness(START, 2.0) < 3.0
