import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

import pretend
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.app import make_window
from gui.widgets import theme as themes
from instrument import Preset, PresetLibrary


@pytest.fixture
def instrument():
    return pretend.PretendInstrument()


@pytest.fixture
def factory(tmp_path):
    folder = tmp_path / "factory"
    folder.mkdir()
    return folder


@pytest.fixture
def library(tmp_path, factory):
    maker = PresetLibrary(factory, tmp_path / "none")
    maker.save(Preset(name="Ash", corners=pretend.CORNERS, tags=("dark",)))
    library = PresetLibrary(tmp_path / "presets", factory)
    for name, tags in (("Birch", ("mallet",)), ("Reed into glass", ("reed", "glass"))):
        library.save(
            Preset(name=name, corners=pretend.CORNERS, tags=tags, author="Ada", pad_x=0.25)
        )
    return library


@pytest.fixture
def open_window(qtbot, library, tmp_path):
    """Open a window on an instrument, and wait until it plays."""
    bridges = []

    def open_window(instrument, *, size=(1280, 800), theme="dark"):
        window, bridge = make_window(
            lambda: instrument, library, theme=theme, trainings=tmp_path / "player" / "training"
        )
        bridges.append(bridge)
        qtbot.addWidget(
            window, before_close_func=lambda window: setattr(window, "_may_close", True)
        )
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        qtbot.waitUntil(lambda: bridge.state == "playing")
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.waitUntil(lambda: bool(window.browser.presets.names()))
        qtbot.waitUntil(lambda: window.browser._timbres == instrument.timbres())
        return window

    yield open_window
    for bridge in bridges:
        bridge.end()


@pytest.fixture
def window(open_window, instrument):
    return open_window(instrument)


@pytest.fixture
def theme(qapp):
    themes.apply(qapp, themes.DARK)
    return themes.DARK


@pytest.fixture
def show(qtbot):
    """Show a widget alone, at a size."""

    def show(widget, width, height):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        widget.activateWindow()
        return widget

    return show


@pytest.fixture
def mouse():
    """Send a mouse event with everything said: QTest's moves have no buttons and no modifiers."""

    def send(
        widget: QWidget,
        kind: QEvent.Type,
        x: float,
        y: float,
        modifiers=Qt.KeyboardModifier.NoModifier,
    ) -> None:
        held = (
            Qt.MouseButton.NoButton
            if kind == QEvent.Type.MouseButtonRelease
            else Qt.MouseButton.LeftButton
        )
        button = (
            Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        )
        place = QPointF(x, y)
        event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, modifiers)
        QApplication.sendEvent(widget, event)

    return send


@pytest.fixture
def drag(mouse):
    """Press, move along the places, release."""

    def drag(widget, *places, modifiers=Qt.KeyboardModifier.NoModifier):
        mouse(widget, QEvent.Type.MouseButtonPress, *places[0], modifiers)
        for place in places[1:]:
            mouse(widget, QEvent.Type.MouseMove, *place, modifiers)
        mouse(widget, QEvent.Type.MouseButtonRelease, *places[-1], modifiers)

    return drag


@pytest.fixture
def pixel():
    """Give the colour of one pixel as painted."""

    def pixel(widget, x, y):
        image = widget.grab().toImage()
        ratio = image.devicePixelRatio()
        return image.pixelColor(round(x * ratio), round(y * ratio))

    return pixel


@pytest.fixture
def close_to():
    """Say whether two colours look the same."""

    def close_to(one, other, *, within=24):
        return all(
            abs(a - b) <= within for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
        )

    return close_to
