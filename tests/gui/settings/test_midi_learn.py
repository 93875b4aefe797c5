"""Learning MIDI controllers by the menus of the window, and what shows it."""

import pytest
from desk import CUTOFF, map_of
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from instrument import TARGETS, Mapping, Source


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
