import subprocess
import sys

import msgspec
import pretend
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QListView,
)

from gui import hints
from gui.app import make_window
from gui.seeing.timing_view import cells_of, to_the_ear_seconds
from gui.widgets.theme import THEMES
from instrument import (
    AudioStatus,
    ControlChange,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    RemoteError,
    TapTempo,
)


def test_importing_the_window_loads_nothing_slow():
    code = (
        "import sys, gui.app; slow = {'numpy', 'numba', 'torch', 'sounddevice', 'mido'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_instrument_starts_after_the_first_paint(qtbot, library, instrument):
    was_painted = []

    def start():
        was_painted.append(window._was_painted)
        return instrument

    window, bridge = make_window(start, library)
    qtbot.addWidget(window)
    QApplication.processEvents()
    assert was_painted == []
    window.show()
    qtbot.waitUntil(lambda: bridge.state == "playing")
    assert was_painted == [True]
    bridge.end()


def test_every_control_has_an_accessible_name(window):
    kinds = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QListView)
    controls = [c for kind in kinds for c in window.findChildren(kind)]
    nameless = [
        control
        for control in controls
        if control.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not control.objectName().startswith("qt_")
        and not control.accessibleName()
        and not getattr(control, "text", str)()
        and control.parent().metaObject().className() not in ("QComboBox", "Choice")
    ]
    assert controls
    assert [(c.metaObject().className(), c.parent()) for c in nameless] == []


def test_panic_posts_panic_and_lets_the_keys_go(window, instrument, qtbot):
    QTest.keyPress(window, Qt.Key.Key_A)
    window.top.panic.click()
    assert [type(event) for event in instrument.events] == [NoteOn, NoteOff, Panic]


def test_the_bend_wheel_springs_back(window, instrument, drag):
    wheel = window.bend
    drag(wheel, (15, wheel.height() / 2 - 8), (15, 4))
    bends = [event.value for event in instrument.posted(PitchBend)]
    assert max(bends) == 1.0
    assert bends[-1] == 0.0


def test_the_mod_wheel_stays(window, instrument, drag):
    wheel = window.mod
    drag(wheel, (15, wheel.height() / 2), (15, 4))
    assert instrument.posted(ControlChange)[-1] == ControlChange(controller=1, value=127)
    assert wheel.amount == 1.0


def test_the_wheels_follow_a_midi_keyboard(window, instrument, qtbot):
    instrument.change(bend=-0.5, mod=0.25)
    qtbot.waitUntil(lambda: (window.bend.amount, window.mod.amount) == (-0.5, 0.25))


def test_a_notice_stays_until_it_is_put_away(window, instrument, qtbot):
    instrument.notice('Could not open "Scarlett": it is in use. Choose another output.')
    qtbot.waitUntil(window.notices.isVisible)
    instrument.notice("Saved.", is_error=False)
    qtbot.waitUntil(lambda: len(window.notices.unseen) == 2)
    assert window.notices.text.text() == "Saved."
    window.notices.away.click()
    assert "Scarlett" in window.notices.text.text()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.notices.isVisible()


def test_an_error_is_painted_in_the_error_colour(window, instrument, qtbot, pixel, close_to):
    instrument.notice("The disk is full.")
    qtbot.waitUntil(window.notices.isVisible)
    bar = pixel(window.notices, 7.5, window.notices.height() / 2)
    assert close_to(bar, window._theme.colour("error"))


@pytest.mark.parametrize(
    ("changes", "title", "button"),
    [
        ({"audio": AudioStatus(running=False)}, "No sound output", "Audio settings"),
        ({"model": None, "corners": ()}, "No model is open", "Choose or import"),
        ({"renderer": "starting"}, "Loading the model…", ""),
        ({"renderer": "restarting"}, "Starting the renderer again…", ""),
        ({"renderer": "failed"}, "The model can't make notes", "Choose a model"),
        ({"renderer": "stopped"}, "The instrument has stopped", "Start again"),
    ],
)
def test_what_is_missing_is_said_with_what_helps(open_window, changes, title, button, qtbot):
    window = open_window(pretend.PretendInstrument(**changes))
    assert window.card.isVisible()
    assert window.card.title.text() == title
    assert window.card.button.isVisible() == bool(button)
    assert not button or window.card.button.text() == button


def test_the_card_stays_inside_the_pad_when_the_window_shrinks(open_window, qtbot):
    window = open_window(pretend.PretendInstrument(renderer="starting"), size=(1600, 1000))
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.pad.rect().contains(window.card.geometry()))


def test_the_card_goes_when_nothing_is_missing(open_window, instrument, qtbot):
    instrument.change(renderer="starting")
    window = open_window(instrument)
    assert window.card.isVisible()
    instrument.change(renderer="ready")
    qtbot.waitUntil(lambda: not window.card.isVisible())


def test_the_cards_button_opens_the_settings_that_help(open_window, qtbot):
    window = open_window(pretend.PretendInstrument(audio=AudioStatus(running=False)))
    window.card.button.click()
    assert window.devices.isVisible()
    assert window.devices.tabs.currentWidget() is window.devices.audio


def test_a_dead_instrument_can_be_started_again(qtbot, library):
    dead = pretend.PretendInstrument(renderer="stopped")
    alive = pretend.PretendInstrument()
    instruments = [dead, alive]
    window, bridge = make_window(lambda: instruments.pop(0), library)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.card.title.text() == "The instrument has stopped")
    window.card.button.click()
    qtbot.waitUntil(lambda: not window.card.isVisible())
    bridge.end()


def test_an_instrument_that_can_not_start_is_said(qtbot, library):
    def start():
        raise RemoteError("Could not start the instrument's process: out of memory.")

    window, bridge = make_window(start, library)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: "out of memory" in "".join(window.notices.unseen))
    assert window.card.button.text() == "Start again"
    bridge.end()


def test_without_midi_the_hint_names_the_computers_keys():
    words, page = hints.tip("playing", pretend.status(midi_inputs=()), 0)
    assert "A W S E D F" in words
    assert page == "midi"


def test_the_status_line_says_what_is_connected(window):
    shown = [(part._part.caption, part._part.text) for part in window.status_line.parts]
    assert shown == [
        ("Out", "Scarlett 2i2 · 48 kHz · 128"),
        ("MIDI", "KeyLab 49"),
        ("Model", "Draft"),
        ("Notes", "61/61 fresh"),
        ("Tempo", "120"),
    ]


def test_the_tempo_says_when_a_clock_gives_it(window, instrument, qtbot):
    part = window.status_line.parts[-1]
    instrument.change(tempo=127.46, is_clocked=True)
    qtbot.waitUntil(lambda: part._part.text == "127.5 · clock")
    assert part.accessibleName() == "Tempo: 127.5 · clock"
    assert "click to the beat" in part.toolTip()


def test_clicking_the_tempo_taps_it(window, instrument, qtbot):
    part = window.status_line.parts[-1]
    qtbot.mouseClick(part, Qt.MouseButton.LeftButton)
    qtbot.keyClick(part, Qt.Key.Key_Space)
    first, second = instrument.posted(TapTempo)
    assert 0.0 < first.time_seconds <= second.time_seconds


def test_dropped_blocks_are_counted_and_warned_of():
    dropped = cells_of(pretend.status(dropped_blocks=3, dropped_events=1))[-1]
    assert (dropped.value, dropped.colour) == ("4", "rendering")


def test_the_way_to_the_ear_is_half_a_block_and_the_outputs_latency():
    audio = AudioStatus(running=True, sample_rate=48000.0, block=480, latency_seconds=0.02)
    assert to_the_ear_seconds(audio) == pytest.approx(0.025)


def test_the_note_is_pictured_off_the_windows_thread(window, instrument, qtbot):
    before = window.note_view.grab().toImage()
    window._bridge.post(NoteOn(note=67, velocity=100))
    qtbot.waitUntil(lambda: window.note_view._picture is not None, timeout=20000)
    assert window.note_view._picture.note == 67
    assert window.note_view.grab().toImage() != before


def test_a_note_played_fast_again_is_not_pictured_each_time(window, instrument, qtbot):
    for note in range(60, 72):
        window._bridge.post(NoteOn(note=note, velocity=100))
        window._bridge.poll()
    qtbot.waitUntil(lambda: window.note_view._picture is not None, timeout=20000)
    qtbot.waitUntil(lambda: window.note_view._picture.note == 71, timeout=20000)
    assert len(instrument.called("note_wave")) <= 4


def test_the_meter_rises_falls_and_rests(window, instrument, qtbot):
    instrument.change(peak_left=0.9, peak_right=0.9)
    qtbot.waitUntil(window.meter._timer.isActive)
    instrument.change(peak_left=0.0, peak_right=0.0)
    qtbot.waitUntil(lambda: not window.meter._timer.isActive(), timeout=10000)


def test_an_idle_window_paints_nothing(window, qtbot, monkeypatch):
    window.activateWindow()
    qtbot.waitUntil(lambda: not window.pad._trail_timer.isActive(), timeout=4000)
    instrument = window._bridge._instrument
    n_before = instrument.n_status
    qtbot.waitUntil(lambda: instrument.n_status > n_before + 8)  # what opening it left to paint
    n_before = instrument.n_status
    painted = []
    for widget in (window.pad, window.keyboard, window.meter, window.note_view, window.top.timing):
        monkeypatch.setattr(widget, "paintEvent", lambda _event, w=widget: painted.append(w))
    qtbot.waitUntil(lambda: instrument.n_status > n_before + 8)
    assert painted == []


@pytest.mark.parametrize("size", [(900, 600), (1440, 900), (3840, 2160)])
def test_the_panels_do_not_overlap_at_any_size(open_window, instrument, size):
    window = open_window(instrument, size=size)
    panels = [window.top, window.left, window.pad, window.right, window.bottom, window.status_line]
    rects = [p.rect().translated(p.mapTo(window, p.rect().topLeft())) for p in panels]
    for i, rect in enumerate(rects):
        assert window.rect().contains(rect)
        assert not any(rect.intersects(other) for other in rects[:i])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_captions_can_be_read(theme):
    def luminance(colour):
        channels = [c / 255 for c in colour.getRgb()[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    colours = THEMES[theme]
    for name in ("text", "dim"):
        one, other = luminance(colours.colour(name)), luminance(colours.colour("panel"))
        contrast = (max(one, other) + 0.05) / (min(one, other) + 0.05)
        assert contrast >= 4.5


def test_the_larger_block_keeps_the_timing(window, instrument, qtbot):
    audio = msgspec.structs.replace(instrument.now.audio, timing="even")
    instrument.change(audio=audio)
    qtbot.waitUntil(lambda: window.audio_status().timing == "even")
    window.player.use_block(512)
    qtbot.waitUntil(lambda: instrument.called("open_audio") != [])
    ((settings,),) = instrument.called("open_audio")
    assert (settings.block, settings.timing) == (512, "even")


def test_a_tip_says_the_keys_as_they_are_now():
    keys = {"palette": "Ctrl+Alt+P", "undo": "Ctrl+Z"}
    turn = next(i for i, text in enumerate(hints.TIPS) if "{palette}" in text)
    words, _ = hints.tip("playing", pretend.status(), turn, lambda name: keys.get(name, ""))
    assert words.startswith("Ctrl+Alt+P finds every command; Ctrl+Z takes back")


def test_a_tip_about_an_action_without_keys_is_left_out():
    turn = next(i for i, text in enumerate(hints.TIPS) if "{palette}" in text)
    words, _ = hints.tip("playing", pretend.status(), turn, lambda _name: "")
    assert words
    assert "{" not in words
    assert words != hints.tip("playing", pretend.status(), turn, lambda name: name)[0]


def test_the_tour_says_the_keys_that_the_player_has_given(window):
    window.commands.set_keys("undo", QKeySequence("Ctrl+Alt+Z"))
    window.show_tour()
    window.tour.go_on()
    window.tour.go_on()
    assert "Ctrl+Alt+Z goes back" in window.tour.text.text()


def test_the_menu_of_the_path_says_the_keys_that_the_player_has_given(window):
    window.commands.set_keys("record_path", QKeySequence("Ctrl+Alt+M"))
    path = next(a.menu() for a in window.pad.place_menu(0.5, 0.5).actions() if a.text() == "Path")
    assert path.actions()[0].text() == "Record a path\tCtrl+Alt+M"


@pytest.mark.parametrize("size", [(900, 600), (1440, 900), (3840, 2160)])
def test_moving_the_finger_paints_no_panel_beside_the_pad(open_window, instrument, qtbot, size):
    window = open_window(instrument, size=size)
    painted = Painted(window)
    qtbot.wait(300)  # what the start still has to paint
    painted.names.clear()
    for place in (0.2, 0.4, 0.6):
        window.pad.show_place(place, 0.5)
        qtbot.wait(20)
    assert painted.names
    assert painted.names <= {"LatentPad", "PointHandle", "PlaceLabel", "SpectrumView", "Meter"}


class Painted(QObject):
    """Keeps the kinds of widgets that are painted."""

    def __init__(self, parent):
        super().__init__(parent)
        self.names = set()
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.names.add(type(watched).__name__)
        return False
