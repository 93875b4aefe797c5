import msgspec
import pytest
from desk import CUTOFF, map_of
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from instrument import MovePad, SetParameter

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def rested(window, qtbot):
    """Wait until the history has seen the present sound."""

    def rested(words):
        qtbot.waitUntil(lambda: window.undo.history.undo_words == words)

    qtbot.waitUntil(lambda: window.undo.history.now is not None)
    return rested


def test_control_z_takes_a_knob_back_and_control_shift_z_turns_it_again(
    window, instrument, qtbot, rested
):
    usual = instrument.now.parameters["cutoff"]
    window._bridge.post(SetParameter(name="cutoff", value=700.0))
    rested("cutoff")
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    qtbot.waitUntil(lambda: instrument.now.parameters["cutoff"] == usual)
    assert not instrument.now.preset_changed
    qtbot.waitUntil(lambda: window.knobs.knobs["cutoff"].current == usual)
    qtbot.waitUntil(window.top.redo.isEnabled)
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL | SHIFT)
    qtbot.waitUntil(lambda: instrument.now.parameters["cutoff"] == 700.0)
    assert instrument.now.preset_changed


def test_what_was_done_a_moment_ago_is_undone_too(window, instrument, qtbot, rested):
    window._bridge.post(SetParameter(name="cutoff", value=700.0))
    rested("cutoff")
    window._bridge.post(MovePad(x=0.1, y=0.2))  # and no rest before the key
    window.commands.run("undo")
    qtbot.waitUntil(lambda: (instrument.now.pad_x, instrument.now.pad_y) == (0.5, 0.5))
    assert instrument.now.parameters["cutoff"] == 700.0


def test_a_re_roll_and_an_opened_preset_are_undone(window, instrument, qtbot, rested):
    corners = instrument.now.corners
    window.player.reroll(2)
    rested("timbres")
    window.actions_of_presets.open("Ash")
    rested("open Ash")
    for _ in range(2):
        window.undo.undo()
    qtbot.waitUntil(lambda: instrument.now.preset_name == "Reed into glass")
    qtbot.waitUntil(lambda: instrument.now.corners == corners)


def test_a_mapping_is_undone(window, instrument, qtbot, rested):
    instrument.change(midi_map=map_of(CUTOFF))
    rested("MIDI controllers")
    window.undo.undo()
    qtbot.waitUntil(lambda: not instrument.now.midi_map.mappings)
    window.undo.redo()
    qtbot.waitUntil(lambda: instrument.now.midi_map.mappings == (CUTOFF,))


def test_a_deleted_preset_comes_back(window, library, qtbot, rested):
    window.actions_of_presets.delete("Birch")
    assert window.undo.history.undo_words == "delete Birch"
    window.undo.undo()
    qtbot.waitUntil(lambda: "Birch" in [entry.name for entry in library.list()])
    window.undo.redo()
    qtbot.waitUntil(lambda: "Birch" not in [entry.name for entry in library.list()])


def test_a_renamed_preset_gets_its_name_back(window, library, qtbot, rested):
    window.actions_of_presets.rename("Birch", "Beech")
    window.undo.undo()
    qtbot.waitUntil(lambda: "Birch" in [entry.name for entry in library.list()])


def test_what_is_only_tried_makes_no_step(window, instrument, qtbot, rested):
    window.actions_of_presets.audition("Ash")
    qtbot.waitUntil(lambda: instrument.now.preset_name == "Ash")
    QTest.qWait(250)
    window.actions_of_presets.go_back()
    qtbot.waitUntil(lambda: instrument.now.preset_name == "Reed into glass")
    QTest.qWait(250)
    assert window.undo.history.undo_words == ""


def test_there_is_nothing_to_undo_at_first(window, rested):
    assert not window.top.undo.isEnabled()
    assert not window.top.redo.isEnabled()


def test_the_trail_leads_back_to_any_sound(window, instrument, qtbot, rested):
    for value in (700.0, 900.0):
        window._bridge.post(SetParameter(name="cutoff", value=value))
        window._bridge.post(SetParameter(name="attack", value=value / 1000))
        qtbot.waitUntil(lambda value=value: _newest(window, "cutoff") == value)
        window.undo.history._close_last()  # as if a while had passed
    window.commands.run("trail")
    items = [window.trail.list.item(i) for i in range(window.trail.list.count())]
    assert len(items) == 3
    assert window.trail.list.currentItem() is items[0]
    window.trail.list.itemClicked.emit(items[1])
    qtbot.waitUntil(lambda: instrument.now.parameters["cutoff"] == 700.0)
    assert not window.trail.isVisible()
    window.undo.undo()
    qtbot.waitUntil(lambda: instrument.now.parameters["cutoff"] == 900.0)


def _newest(window, name):
    return window.undo.cards[0].moment.preset.parameters[name]


def test_control_c_and_v_copy_and_paste_the_sound(window, instrument, qtbot, rested):
    window._bridge.post(SetParameter(name="cutoff", value=700.0))
    window.pad.setFocus()
    QTest.keyClick(window.pad, Qt.Key.Key_C, CONTROL)
    qtbot.waitUntil(lambda: '"cutoff": 700' in QGuiApplication.clipboard().text())
    window._bridge.post(SetParameter(name="cutoff", value=900.0))
    QTest.keyClick(window.pad, Qt.Key.Key_V, CONTROL)
    qtbot.waitUntil(lambda: instrument.now.parameters["cutoff"] == 700.0)


def test_in_a_text_field_control_c_copies_the_text(window, rested):
    window.browser.field.setText("glass")
    window.browser.field.setFocus()
    window.browser.field.selectAll()
    QTest.keyClick(window.browser.field, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "glass"


def test_saving_makes_no_step(window, instrument, qtbot, rested):
    window._bridge.post(SetParameter(name="cutoff", value=700.0))
    rested("cutoff")
    window.actions_of_presets.save_as("Mine")
    qtbot.waitUntil(lambda: instrument.now.preset_name == "Mine")
    qtbot.waitUntil(lambda: not window.undo.history.now.is_changed)
    assert window.undo.history.undo_words == "cutoff"
    instrument.change(revision=instrument.now.revision + 1)
    QTest.qWait(300)
    assert window.undo.history.undo_words == "cutoff"


def test_a_knob_moved_by_midi_is_undone(window, instrument, qtbot, rested):
    values = {**instrument.now.parameters, "cutoff": 500.0}
    instrument.change(parameters=values)
    rested("cutoff")
    window.undo.undo()
    qtbot.waitUntil(lambda: instrument.now.parameters["cutoff"] == 20000.0)
    assert msgspec.structs.asdict(window.undo.history.now.preset)["name"] == "Reed into glass"
