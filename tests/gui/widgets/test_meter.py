import pytest
from PySide6.QtCore import Qt

from gui.bridge import Level
from gui.seeing.spectrum_view import SpectrumView
from gui.widgets.meter import Meter


@pytest.fixture
def meter(theme, show):
    return show(Meter(theme), 300, 26)


def test_the_largest_true_peak_is_kept_until_a_click(meter, qtbot):
    meter.show_level(Level((0.5, 0.5), (0.5, 0.7943)))
    meter.show_level(Level((0.1, 0.1), (0.1, 0.1)))
    assert meter.true_peak_db == pytest.approx(-2.0, abs=0.01)
    qtbot.mouseClick(meter, Qt.MouseButton.LeftButton)
    assert meter.true_peak_db == -60.0


def test_a_true_peak_over_full_scale_lights_the_lamp(meter, pixel, close_to, theme):
    meter.show_level(Level((0.9, 0.9), (1.06, 0.9)))
    assert meter.true_peak_db == pytest.approx(0.506, abs=0.01)
    assert close_to(pixel(meter, 290, 4), theme.colour("error"))


def test_the_spectrum_rises_at_once_falls_and_rests(theme, show, qtbot):
    view = show(SpectrumView(theme), 300, 58)
    view.show_spectrum(bytes([0, 255, 51]))
    qtbot.waitUntil(lambda: view.levels == (0.0, 1.0, 0.2))
    view.show_spectrum(b"")
    qtbot.waitUntil(lambda: 0.0 < view.levels[1] < 1.0)
    qtbot.waitUntil(lambda: view.levels == () and not view._timer.isActive())


def test_a_low_window_has_no_room_for_the_spectrum(open_window, instrument):
    window = open_window(instrument, size=(900, 600))
    assert not window._panels.spectrum.isVisible()
    window.resize(1440, 900)
    assert window._panels.spectrum.isVisible()
