import pytest
from PySide6.QtCore import Qt

from instrument import AudioSettings, AudioStatus


@pytest.fixture
def settings(window, qtbot):
    window.show_settings("audio")
    qtbot.waitUntil(lambda: window.devices.audio.device.count() > 1)
    return window.devices


def choose(combo, data):
    place = combo.findData(data)
    combo.setCurrentIndex(place)
    combo.activated.emit(place)


def test_choosing_a_block_opens_the_output_with_it(settings, instrument, qtbot):
    choose(settings.audio.block, 64)
    qtbot.waitUntil(
        lambda: instrument.called("open_audio") == [(AudioSettings("Scarlett 2i2", 0, 64),)]
    )


def test_the_latency_that_results_is_shown(settings, qtbot):
    choose(settings.audio.block, 480 if settings.audio.block.findData(480) >= 0 else 512)
    qtbot.waitUntil(lambda: "10.7 ms" in settings.audio.result.text())


def test_another_device_and_rate_are_opened(settings, instrument, qtbot):
    choose(settings.audio.device, "HDMI")
    choose(settings.audio.rate, 44100)
    qtbot.waitUntil(lambda: len(instrument.called("open_audio")) == 2)
    assert instrument.called("open_audio")[-1] == (AudioSettings("HDMI", 44100, 128),)


def test_the_test_sound_is_played(settings, instrument, qtbot):
    settings.audio.test.click()
    qtbot.waitUntil(lambda: instrument.called("test_sound") == [()])


def test_without_an_output_the_reason_is_shown_and_no_test_sound_is_offered(
    settings, instrument, qtbot
):
    instrument.change(audio=AudioStatus(message="No output was found. Connect one."))
    qtbot.waitUntil(lambda: settings.audio.result.text() == "No output was found. Connect one.")
    assert not settings.audio.test.isEnabled()


def test_a_midi_input_is_chosen_by_name(settings, instrument, qtbot):
    settings.open_page("midi")
    qtbot.waitUntil(lambda: settings.midi.input.findData("Launchpad") > 0)
    choose(settings.midi.input, "Launchpad")
    choose(settings.midi.input, "")
    qtbot.waitUntil(lambda: instrument.called("open_midi") == [("Launchpad",), ("",)])


def test_a_port_that_is_plugged_in_appears_by_itself(settings, instrument, qtbot):
    instrument.ports = (*instrument.ports, "New keys")
    qtbot.waitUntil(lambda: settings.midi.input.findData("New keys") > 0, timeout=5000)


def test_the_lamp_lights_when_a_key_of_a_midi_keyboard_goes_down(settings, instrument, qtbot):
    light = settings.midi.light
    assert not light.is_lit
    instrument.change(gated=bytes(64 if note == 50 else 0 for note in range(128)))
    qtbot.waitUntil(lambda: light.is_lit)
    qtbot.waitUntil(lambda: not light.is_lit)


def test_the_open_model_is_marked_and_another_can_be_opened(settings, instrument, qtbot):
    settings.open_page("model")
    qtbot.waitUntil(lambda: settings.model.list.count() == 2)
    assert settings.model.list.item(0).text().endswith("open")
    settings.model.list.setCurrentRow(1)
    settings.model.open.click()
    qtbot.waitUntil(lambda: instrument.called("load_model") == [("/models/other",)])


def test_the_parts_of_the_status_line_open_their_page(window):
    for part, page in zip(window.status_line.parts[:3], ("audio", "midi", "model"), strict=True):
        part.click()
        assert window.devices.tabs.currentWidget() is getattr(window.devices, page)


def test_the_settings_do_not_stop_the_keys(settings, window, instrument):
    assert settings.windowModality() == Qt.WindowModality.NonModal
