import json

import pytest
from PySide6.QtCore import QSettings

from gui.app import guarded_settings
from gui.main_window import FIRST_SIZE


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "Timbrepad.conf"
    file.write_text("[window]\ngeometry=killer\n")
    return file


def test_settings_that_the_last_start_ended_with_are_set_aside(file):
    marker = {"file": str(file), "process": 0}
    file.with_name("Timbrepad.conf.starting").write_text(json.dumps(marker))
    _, guard, told = guarded_settings(str(file))
    assert "Timbrepad.conf" in told
    assert not file.exists()
    guard.is_good()


def test_a_good_start_leaves_settings_and_no_mark(file):
    _, guard, told = guarded_settings(str(file))
    assert told == ""
    assert file.with_name("Timbrepad.conf.starting").exists()
    guard.is_good()
    assert file.exists()
    assert not file.with_name("Timbrepad.conf.starting").exists()


@pytest.mark.parametrize("value", ["killer", b"\x00", None])
def test_a_window_place_of_any_kind_opens_the_window(tmp_path, value, qtbot, library):
    from gui.app import make_window  # noqa: PLC0415  # after the platform is chosen

    settings = QSettings(str(tmp_path / "place.ini"), QSettings.Format.IniFormat)
    settings.setValue("window/geometry", value)
    window, bridge = make_window(lambda: None, library, settings=settings, trainings=tmp_path)
    qtbot.addWidget(window)
    assert (window.width(), window.height()) == FIRST_SIZE
    bridge.end()
