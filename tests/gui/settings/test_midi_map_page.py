"""The settings' page of MIDI controllers, and its profiles."""

import pytest
from desk import CUTOFF, NEXT, PAD, map_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox

from gui.bridge import Bridge
from gui.settings.midi_learn import MidiLearn
from gui.settings.midi_map_page import MidiMapPage
from gui.widgets.units_text import DASH
from instrument import TARGETS, Mapping, Source


@pytest.fixture
def bridge(qtbot, instrument):
    bridge = Bridge(lambda: instrument)
    bridge.begin()
    qtbot.waitUntil(lambda: bridge.state == "playing")
    yield bridge
    bridge.end()


@pytest.fixture
def page(bridge, theme, show):
    """The page alone: a whole window around it would take longer than all that it does."""
    page = show(MidiMapPage(bridge, MidiLearn(bridge, bridge), theme), 660, 440)
    page.look()
    return page


@pytest.fixture
def show_map(page, instrument, qtbot):
    def show_map(*mappings):
        midi_map = map_of(*mappings)
        instrument.change(midi_map=midi_map)
        qtbot.waitUntil(lambda: page._midi.midi_map == midi_map)

    return show_map


def rows(page):
    items = [page.list.topLevelItem(i) for i in range(page.list.topLevelItemCount())]
    return [tuple(item.text(column) for column in range(4)) for item in items]


def choose_row(page, target):
    for i in range(page.list.topLevelItemCount()):
        item = page.list.topLevelItem(i)
        if item.data(0, Qt.ItemDataRole.UserRole) == target:
            page.list.setCurrentItem(item)


def answer(dialog, text):
    """Press a button of the question that has just been asked."""
    box = dialog.findChildren(QMessageBox)[-1]
    next(button for button in box.buttons() if button.text() == text).click()


def forget_all(page):
    page.forget_all.click()
    answer(page, "Forget all")


class TestPage:
    def test_every_mapping_is_a_row_with_its_range_in_the_targets_unit(self, page, show_map):
        show_map(CUTOFF, PAD, NEXT)
        assert rows(page) == [
            ("pad, left to right", "CC 8 + 40, any channel", f"90 {DASH} 10 %", "at once"),
            ("next preset", "NRPN 300, channel 1", "press", ""),
            ("filter: cutoff", "CC 20, channel 3", f"20.0 Hz {DASH} 20.0 kHz", "soft"),
        ]

    def test_range_inversion_and_takeover_are_changed(self, page, instrument, show_map, qtbot):
        show_map(CUTOFF)
        page.low.setValue(25)
        qtbot.waitUntil(lambda: page.chosen.low == 0.25)
        page.inverted.click()
        qtbot.waitUntil(lambda: (page.chosen.low, page.chosen.high) == (1.0, 0.25))
        assert page.low.value() == 100
        page.takeover.click()
        qtbot.waitUntil(lambda: not page.chosen.takeover)
        assert [call[0].source for call in instrument.called("map_midi")] == [CUTOFF.source] * 3

    def test_the_channel_is_changed(self, page, show_map, qtbot):
        show_map(CUTOFF)
        assert page.channel.currentText() == "Channel 3"
        page.channel.setCurrentIndex(0)
        page.channel.activated.emit(0)
        qtbot.waitUntil(lambda: page.chosen.source == Source("cc", 20))

    def test_the_chosen_row_stays_chosen_when_the_map_changes(self, page, show_map):
        show_map(CUTOFF, PAD)
        choose_row(page, "cutoff")
        show_map(CUTOFF, PAD, NEXT)
        assert page.chosen == CUTOFF

    def test_what_was_just_learned_is_chosen(self, page, instrument, show_map, qtbot):
        show_map(PAD)
        instrument.change(learning="cutoff")
        qtbot.waitUntil(lambda: page.learn.text() == "Stop")
        instrument.change(learning="", midi_map=map_of(PAD, CUTOFF))
        qtbot.waitUntil(lambda: page.chosen == CUTOFF)

    def test_a_bend_is_not_offered_on_any_channel(self, page, show_map):
        show_map(Mapping(source=Source("bend", 0, 4), target="pan"))
        assert not page.channel.model().item(0).isEnabled()
        show_map(CUTOFF)
        assert page.channel.model().item(0).isEnabled()

    def test_delete_forgets_the_chosen_one_and_a_button_all(
        self, page, instrument, show_map, qtbot
    ):
        show_map(CUTOFF, PAD)
        choose_row(page, "cutoff")
        page.list.setFocus()
        qtbot.keyClick(page.list, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda: len(rows(page)) == 1)
        forget_all(page)
        qtbot.waitUntil(lambda: rows(page) == [])
        assert instrument.called("forget_midi") == [("cutoff",), ("",)]
        assert not page.low.isEnabled()

    def test_anything_can_be_learned_by_the_keyboard_alone(self, page, instrument, qtbot):
        page.target.setFocus()
        page.target.choose("next_preset")
        page.learn.setFocus()
        qtbot.keyClick(page.learn, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: page.learn.text() == "Stop")
        assert "next preset" in page.hint.text()
        qtbot.keyClick(page.learn, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: instrument.called("learn_midi") == [("next_preset",), ("",)])

    def test_all_that_can_be_moved_is_offered(self, page):
        offered = {page.target.itemData(i) for i in range(page.target.count())}
        assert offered == set(TARGETS)

    def test_every_part_has_a_name_for_a_screen_reader(self, page):
        for part in (page.list, page.low, page.high, page.channel, page.target):
            assert part.accessibleName()
        for part in (page.inverted, page.takeover, page.forget, page.forget_all, page.learn):
            assert part.text()


class TestProfiles:
    def test_a_map_is_saved_loaded_and_deleted(self, page, instrument, show_map, qtbot):
        show_map(CUTOFF)
        page.profiles.save.click()
        dialog = page.findChild(QInputDialog)
        dialog.setTextValue("Desk")
        dialog.accept()
        qtbot.waitUntil(lambda: page.profiles.choice.currentData() == "Desk")
        forget_all(page)
        qtbot.waitUntil(lambda: rows(page) == [])
        page.profiles.load.click()
        qtbot.waitUntil(lambda: page.chosen == CUTOFF)
        page.profiles.delete.click()
        answer(page, "Delete")
        qtbot.waitUntil(lambda: page.profiles.choice.currentText() == "None saved yet")
        assert instrument.profiles == {}
        assert not page.profiles.load.isEnabled()

    def test_what_can_not_be_saved_is_a_notice(self, page, bridge, qtbot):
        said = []
        bridge.noticed.connect(lambda text, _is_error: said.append(text))
        page.profiles.save.click()
        dialog = page.findChild(QInputDialog)
        dialog.setTextValue("")
        dialog.accept()
        qtbot.waitUntil(lambda: "A MIDI map needs a name. Type one." in said)
