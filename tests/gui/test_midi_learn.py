"""Learning MIDI controllers by the menus and the settings' page."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu, QMessageBox

from gui.units_text import DASH
from instrument import TARGETS, Mapping, MidiMap, Source

CUTOFF = Mapping(source=Source("cc", 20, 2), target="cutoff")
PAD = Mapping(source=Source("cc14", 8), target="pad_x", low=0.9, high=0.1, takeover=False)
NEXT = Mapping(source=Source("nrpn", 300, 0), target="next_preset")


def map_of(*mappings, name=""):
    midi_map = MidiMap(name=name)
    for mapping in mappings:
        midi_map = midi_map.with_mapping(mapping)
    return midi_map


@pytest.fixture
def menu_of(qtbot):
    """Open a widget's context menu; gives it and closes it in the end."""
    opened = []

    def menu_of(widget):
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Keyboard,
            widget.rect().center(),
            widget.mapToGlobal(widget.rect().center()),
        )
        QApplication.sendEvent(widget, event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        opened.append(menu)
        return menu

    yield menu_of
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()


def texts(menu):
    return [action.text() for action in menu.actions() if action.text()]


def choose(menu, text):
    next(action for action in menu.actions() if action.text() == text).trigger()


@pytest.fixture
def show_map(window, instrument, qtbot):
    def show_map(*mappings, name=""):
        midi_map = map_of(*mappings, name=name)
        instrument.change(midi_map=midi_map)
        qtbot.waitUntil(lambda: window.midi.midi_map == midi_map)

    return show_map


class TestMenus:
    def test_a_knobs_menu_learns_and_shows_that_it_waits(self, window, instrument, menu_of, qtbot):
        knob = window.knobs.knobs["cutoff"]
        choose(menu_of(knob), "Learn MIDI")
        qtbot.waitUntil(lambda: instrument.called("learn_midi") == [("cutoff",)])
        qtbot.waitUntil(lambda: "learning MIDI" in knob.accessibleDescription())
        assert "filter: cutoff" in window.status_line.hint.text()
        assert "Stop learning" in texts(menu_of(knob))

    def test_it_says_what_moves_the_knob_and_forgets_it(
        self, window, instrument, menu_of, show_map, qtbot
    ):
        knob = window.knobs.knobs["cutoff"]
        assert "MIDI: CC 74" in texts(menu_of(knob))
        show_map(CUTOFF)
        menu = menu_of(knob)
        assert "MIDI: CC 20, channel 3" in texts(menu)
        assert "MIDI: CC 20, channel 3" in knob.accessibleDescription()
        assert "MIDI: CC 20, channel 3" in knob.toolTip()
        choose(menu, "Forget MIDI")
        qtbot.waitUntil(lambda: instrument.called("forget_midi") == [("cutoff",)])

    def test_a_controller_that_was_learned_for_another_is_no_longer_the_knobs(
        self, window, menu_of, show_map
    ):
        show_map(Mapping(source=Source("cc", 74, 0), target="pan"))
        assert "MIDI: no controller" in texts(menu_of(window.knobs.knobs["cutoff"]))

    def test_there_is_nothing_to_forget_before_something_is_learned(self, window, menu_of):
        menu = menu_of(window.knobs.knobs["cutoff"])
        forget = next(a for a in menu.actions() if a.text() == "Forget MIDI")
        assert not forget.isEnabled()

    @pytest.mark.parametrize("target", ["pad_x", "pad_y"])
    def test_the_pads_menu_has_both_of_its_ways(self, window, instrument, menu_of, qtbot, target):
        menu = menu_of(window.pad)
        under = next(
            action.menu() for action in menu.actions() if action.text().endswith(TARGETS[target])
        )
        choose(under, "Learn MIDI")
        qtbot.waitUntil(lambda: instrument.called("learn_midi") == [(target,)])

    def test_a_knob_shows_where_a_controller_waits(self, window, instrument, show_map, qtbot):
        show_map(CUTOFF)
        knob = window.knobs.knobs["cutoff"]
        before = knob.grab().toImage()
        instrument.change(waiting={"cutoff": 0.5})
        qtbot.waitUntil(lambda: "at 632 Hz: it takes over" in knob.accessibleDescription())
        assert knob.grab().toImage() != before
        instrument.change(waiting={})
        qtbot.waitUntil(lambda: "takes over" not in knob.accessibleDescription())
        assert knob.grab().toImage() == before

    @pytest.mark.parametrize("step", ["previous", "next"])
    def test_the_buttons_of_the_presets_have_the_menu_too(
        self, window, instrument, menu_of, qtbot, step
    ):
        choose(menu_of(getattr(window.top, step)), "Learn MIDI")
        qtbot.waitUntil(lambda: instrument.called("learn_midi") == [(f"{step}_preset",)])

    def test_the_pad_shows_which_of_its_ways_waits(self, window, instrument, qtbot):
        before = window.pad.grab().toImage()
        for target in ("pad_x", "pad_y"):
            instrument.change(learning=target)
            qtbot.waitUntil(lambda target=target: window.midi.learning == target)
            now = window.pad.grab().toImage()
            assert now != before
            before = now

    def test_escape_stops_learning(self, window, instrument, qtbot):
        instrument.change(learning="pan")
        qtbot.waitUntil(lambda: window.midi.learning == "pan")
        qtbot.keyClick(window, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: instrument.called("learn_midi") == [("",)])
        qtbot.waitUntil(lambda: window.midi.learning == "")

    def test_a_learned_knob_has_a_mark(self, window, show_map, close_to, pixel):
        knob = window.knobs.knobs["cutoff"]
        before = knob.grab().toImage()
        show_map(CUTOFF)
        assert knob.grab().toImage() != before


@pytest.fixture
def page(window, qtbot):
    window.show_settings("controllers")
    page = window.devices.controllers
    qtbot.waitUntil(page.isVisible)
    return page


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
    answer(page.window(), "Forget all")


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
    def test_a_map_is_saved_loaded_and_deleted(self, page, window, instrument, show_map, qtbot):
        show_map(CUTOFF)
        page.profiles.save.click()
        dialog = window.devices.findChild(QInputDialog)
        dialog.setTextValue("Desk")
        dialog.accept()
        qtbot.waitUntil(lambda: page.profiles.choice.currentData() == "Desk")
        forget_all(page)
        qtbot.waitUntil(lambda: rows(page) == [])
        page.profiles.load.click()
        qtbot.waitUntil(lambda: page.chosen == CUTOFF)
        page.profiles.delete.click()
        answer(window.devices, "Delete")
        qtbot.waitUntil(lambda: page.profiles.choice.currentText() == "None saved yet")
        assert instrument.profiles == {}
        assert not page.profiles.load.isEnabled()

    def test_what_can_not_be_saved_is_a_notice(self, page, window, qtbot):
        page.profiles.save.click()
        dialog = window.devices.findChild(QInputDialog)
        dialog.setTextValue("")
        dialog.accept()
        qtbot.waitUntil(lambda: "A MIDI map needs a name. Type one." in window.notices.unseen)
