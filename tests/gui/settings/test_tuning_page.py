import pytest
from PySide6.QtWidgets import QFileDialog

from instrument import SetParameter, SetTuning

SCALE = "! five.scl\n!\nFive equal steps\n 5\n!\n240.\n480.\n720.\n960.\n2/1\n"
MAP = "! low.kbm\n0\n0\n127\n60\n69\n432.0\n0\n"


@pytest.fixture
def page(window):
    window.show_settings("tuning")
    return window.devices.tuning


@pytest.fixture
def scale(tmp_path):
    path = tmp_path / "five.scl"
    path.write_text(SCALE)
    return str(path)


def tunings(instrument):
    return [event.tuning for event in instrument.posted(SetTuning)]


def test_a_scale_tunes_the_keys_at_once(page, instrument, scale, qtbot):
    page.load_scale.click()
    dialog = page.window().findChild(QFileDialog)
    dialog.fileSelected.emit(scale)
    dialog.close()
    qtbot.waitUntil(lambda: len(tunings(instrument)) == 1)
    (tuning,) = tunings(instrument)
    assert tuning.name == "Five equal steps"
    assert tuning.pitches[61] == pytest.approx(62.4)


def test_a_scale_is_heard_though_the_knob_stands_at_equal(page, instrument, scale, qtbot):
    page.use_scale(scale)
    qtbot.waitUntil(
        lambda: SetParameter(name="microtuning", value=1.0) in instrument.posted(SetParameter)
    )


def test_a_keyboard_map_lays_the_scale_that_was_loaded_before(page, instrument, scale, tmp_path):
    keyboard = tmp_path / "low.kbm"
    keyboard.write_text(MAP)
    page.use_scale(scale)
    page.use_map(str(keyboard))
    _, tuning = tunings(instrument)
    assert tuning.pitches[69] == pytest.approx(68.682, abs=1e-3)
    assert tuning.pitches[70] - tuning.pitches[69] == pytest.approx(2.4)


def test_equal_steps_come_back_and_both_files_are_forgotten(page, instrument, scale, tmp_path):
    keyboard = tmp_path / "low.kbm"
    keyboard.write_text(MAP)
    page.use_map(str(keyboard))
    page.use_equal()
    page.use_scale(scale)
    low, equal, five = tunings(instrument)
    assert low.pitches[69] < 69.0
    assert equal is None
    assert five.pitches[60] == pytest.approx(60.0)


def test_a_file_that_is_no_scale_is_refused_in_words(page, instrument, tmp_path):
    path = tmp_path / "song.scl"
    path.write_text("this is no scale")
    page.use_scale(str(path))
    assert "song.scl" in page.message.text()
    assert tunings(instrument) == []
    page.look()
    assert page.message.text() == ""


def test_the_tuning_that_sounds_is_named(page, instrument, qtbot):
    assert page.name.text() == "Twelve equal steps"
    assert not page.equal.isEnabled()
    instrument.change(tuning="Slendro")
    qtbot.waitUntil(lambda: page.name.text() == "Slendro")
    assert page.equal.isEnabled()
