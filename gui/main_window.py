"""The window: lays the panels out and ties them to the bridge; holds no state of its own."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from instrument import (
    MOD_WHEEL,
    PAD_X,
    PAD_Y,
    ControlChange,
    ModelInfo,
    MovePad,
    NoteOff,
    NoteOn,
    NoteWave,
    Panic,
    PitchBend,
    PresetLibrary,
    RecordPath,
    SetParameter,
    SetPath,
    TapTempo,
    training_folder,
)

from . import hints, icons
from .bridge import Bridge
from .compare_bar import FLIP_KEY
from .computer_keys import ComputerKeys
from .device_dialog import DeviceDialog
from .hint_card import HintCard
from .keyboard import Keyboard
from .knob_panel import KnobPanel
from .latent_pad import LatentPad
from .match_job import MatchJob
from .match_panel import MatchPanel
from .meter import Meter
from .midi_learn import MidiLearn
from .note_view import NotePicture, NoteView, picture_of
from .notice_bar import NoticeBar
from .preset_actions import PresetActions
from .preset_browser import BREED, MAP, PresetBrowser
from .preset_dialogs import PresetDialogs
from .record_button import SHORTCUT as RECORD_KEY
from .status_line import StatusLine
from .theme import GAP, Theme
from .top_bar import TopBar
from .train_page import TrainPage
from .training_job import TrainingJob
from .units_text import note_name
from .wheel import Wheel

MINIMUM_SIZE = (900, 600)
FIRST_SIZE = (1280, 800)
SIDE_SHARE = 0.19  # of the window's width for the left panel; the right one has a little more
TIP_MILLISECONDS = 20_000
NOTE_MILLISECONDS = 200  # at least between two pictures of the note


class MainWindow(QMainWindow):
    """One window: sounds, pad, note and knobs, keys."""

    first_painted = Signal()

    def __init__(
        self,
        bridge: Bridge,
        library: PresetLibrary,
        theme: Theme,
        settings: QSettings | None = None,
        trainings: Path | None = None,
    ) -> None:
        """Build the window; nothing is asked of the instrument yet.

        Args:
            bridge: To the instrument.
            library: The presets.
            theme: The colours.
            settings: Where the window's place is kept; None keeps nothing.
            trainings: Where trainings lie; None is the usual place.
        """
        super().__init__()
        self._bridge, self._theme, self._settings = bridge, theme, settings
        self._library = library
        self._trainings = trainings or training_folder()
        self._was_painted = self._may_close = self._note_is_due = False
        self._tip_turn = 0
        self.actions_of_presets = PresetActions(bridge, library, self)
        self.dialogs = PresetDialogs(self.actions_of_presets, self)
        self.setWindowTitle("Timbrepad")
        self.setMinimumSize(*MINIMUM_SIZE)
        self._make_panels()
        self._lay_out()
        self._connect_instrument()
        self._connect_player()
        self._make_shortcuts()
        self._make_timers()
        self._restore_place()
        self._show_place(*self.pad.place)
        self._show_connections()
        self.pad.setFocus()

    def show_settings(self, page: str = "audio") -> None:
        """Open the settings at one of the pages of `device_dialog.PAGES`."""
        self.devices.open_page(page)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about a changed sound first; let go of every key."""
        self.computer_keys.release_all()
        self.keyboard.release_all()
        is_changed = self.actions_of_presets.is_changed
        self.actions_of_presets.go_back()  # what was only tried takes no place of the player's own
        is_playing = self._bridge.state == "playing"
        if not self._may_close and is_playing and is_changed:
            event.ignore()
            self.dialogs.ask_to_save(self.close_for_good)
            return
        if not self.train.may_close(self.close_for_good):
            event.ignore()
            return
        self.match.put_away()
        if self._settings is not None:
            self._settings.setValue("window/geometry", self.saveGeometry())
        self.devices.close()
        event.accept()

    def show_train_page(self, is_wanted: bool = True) -> None:
        """Show the Train page in place of the pad, or the pad again; the keys play on."""
        self.pages.setCurrentIndex(1 if is_wanted else 0)
        self.top.train.setChecked(is_wanted)

    def close_for_good(self) -> None:
        """Close without asking."""
        self._may_close = True
        self.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the panels their share, and hang the cards anew."""
        super().resizeEvent(event)
        width, height = self.width(), self.height()
        self.left.setFixedWidth(min(max(round(SIDE_SHARE * width), 186), 340))
        self.right.setFixedWidth(min(max(round(1.14 * SIDE_SHARE * width), 236), 480))
        self.bottom.setFixedHeight(min(max(round(0.19 * height), 112), 220))
        free = width - self.left.width() - self.right.width()
        self.notices.place_in(QRect(self.left.width(), self.top.height(), free, height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell when the window has been seen for the first time: then the slow things may begin."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def _make_panels(self) -> None:
        theme = self._theme
        self.top = TopBar(self.actions_of_presets, self.dialogs, theme, settings=self._settings)
        self.browser = PresetBrowser(self.actions_of_presets, self.dialogs, theme)
        self.pad = LatentPad(theme)
        self.card = HintCard(theme, self.pad)
        self.match = MatchPanel(MatchJob(parent=self), theme, self.pad)
        self.place_label = QLabel()
        self.place_label.setProperty("role", "caption")
        self.reroll_all = QPushButton("Re-roll all")
        self.reroll_all.setIcon(icons.icon("dice", theme.colour("text"), theme.colour("faint")))
        self.reroll_all.setToolTip("Draw new timbres for every corner that is not locked (Ctrl+R)")
        self.reroll_all.setEnabled(False)
        self.note_view = NoteView(theme)
        self.knobs = KnobPanel(theme)
        self.meter = Meter(theme)
        self.bend = Wheel("bend", theme, lowest=-1.0, springs_back=True)
        self.mod = Wheel("mod", theme)
        self.keyboard = Keyboard(theme)
        self.computer_keys = ComputerKeys(self)
        self.keyboard.show_letters(self.computer_keys.labels())
        self.status_line = StatusLine(theme)
        self.train = TrainPage(TrainingJob(self._trainings), self._bridge, self._library, theme)
        self.midi = MidiLearn(self._bridge, self)
        self.devices = DeviceDialog(self._bridge, self.midi, theme, self)

    def _lay_out(self) -> None:
        self.left = _panel(_column(self.browser, margins=(10, 10, 8, 6)))
        head = _row(_caption("TIMBRE PAD"), self.place_label, None, self.reroll_all)
        middle = QVBoxLayout()
        middle.setContentsMargins(12, 8, 12, 10)
        middle.setSpacing(6)
        middle.addLayout(head)
        middle.addWidget(self.pad, 1)
        right = QVBoxLayout()
        right.setContentsMargins(12, 10, 12, 8)
        right.setSpacing(6)
        right.addWidget(self.note_view, 1)
        right.addWidget(self.knobs, 3)
        right.addWidget(self.meter)
        self.right = _panel(right)
        body = QHBoxLayout()
        body.setContentsMargins(0, 1, 0, 1)
        body.setSpacing(0)
        body.addWidget(self.left)
        body.addLayout(middle, 1)
        body.addWidget(self.right)
        playing = QWidget()
        playing.setLayout(body)
        self.pages = QStackedWidget()
        self.pages.addWidget(playing)
        self.pages.addWidget(self.train)
        keys = _row(self.bend, self.mod, self.keyboard)
        keys.setContentsMargins(12, 8, 12, 8)
        keys.setStretch(2, 1)
        self.bottom = QWidget()
        self.bottom.setLayout(keys)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.top)
        whole.addWidget(self.pages, 1)
        whole.addWidget(self.bottom)
        whole.addWidget(self.status_line)
        centre = QWidget()
        centre.setObjectName("body")
        centre.setLayout(whole)
        self.setCentralWidget(centre)
        self.notices = NoticeBar(self._theme, centre)

    def _connect_instrument(self) -> None:
        bridge = self._bridge
        bridge.state_changed.connect(self._state_changed)
        bridge.moved.connect(self._show_moved)
        bridge.parameter_changed.connect(self.knobs.show_value)
        bridge.corners_changed.connect(self.pad.show_corners)
        bridge.corners_changed.connect(lambda corners: self.reroll_all.setEnabled(bool(corners)))
        bridge.timbres_changed.connect(self.pad.show_timbres)
        bridge.timbres_changed.connect(self.browser.show_timbres)
        bridge.path_changed.connect(self.pad.show_path)
        bridge.motion_changed.connect(lambda motion: self.pad.show_motion(*motion))
        bridge.tempo_changed.connect(lambda _tempo: self.status_line.show_status(bridge.status))
        bridge.cache_changed.connect(lambda counts: self.pad.show_fresh(*counts))
        bridge.preset_changed.connect(self._show_preset)
        bridge.model_changed.connect(self._show_range)
        bridge.freshness_changed.connect(self.keyboard.show_freshness)
        bridge.gated_changed.connect(self.keyboard.show_gated)
        bridge.level_changed.connect(self.meter.show_level)
        bridge.timing_changed.connect(self.top.timing.show_status)
        bridge.recording_changed.connect(self.top.record.show_status)
        bridge.note_changed.connect(lambda _note: self._picture_note())
        bridge.parameter_changed.connect(
            lambda name, _value: self._picture_note() if name == "ending" else None
        )
        bridge.noticed.connect(self.notices.add)
        self.midi.changed.connect(self._show_midi)
        bridge.waiting_changed.connect(self.knobs.show_waiting)
        for signal in (
            bridge.audio_changed,
            bridge.midi_changed,
            bridge.model_changed,
            bridge.renderer_changed,
            bridge.cache_changed,
        ):
            signal.connect(lambda _value: self._show_connections())

    def _connect_player(self) -> None:
        bridge = self._bridge
        self.pad.moved.connect(lambda x, y: bridge.post(MovePad(x=x, y=y)))
        self.pad.placed.connect(self._show_place)
        self.pad.recorded.connect(self._record_path)
        self.pad.path_cleared.connect(lambda: bridge.post(SetPath(path=None)))
        self.pad.path_toggled.connect(self._toggle_path)
        self.status_line.tapped.connect(
            lambda: bridge.post(TapTempo(time_seconds=time.monotonic()))
        )
        self.pad.timbre_chosen.connect(self._set_corner)
        self.browser.timbre_chosen.connect(self._set_corner)
        self.pad.sound_dropped.connect(self._match)
        self.pad.match_wanted.connect(self.match.ask_for_file)
        self.match.chosen.connect(self._match)
        self.match.heard.connect(
            lambda file: bridge.ask(lambda instrument: instrument.play_file(file))
        )
        self.match.used.connect(self.actions_of_presets.use_match)
        self.pad.rerolled.connect(self._reroll)
        self.reroll_all.clicked.connect(lambda: self._reroll(None))
        self.pad.lock_toggled.connect(self._lock)
        self.knobs.turned.connect(
            lambda name, value: bridge.post(SetParameter(name=name, value=value))
        )
        self.bend.rolled.connect(lambda amount: bridge.post(PitchBend(value=amount)))
        self.mod.rolled.connect(
            lambda amount: bridge.post(
                ControlChange(controller=MOD_WHEEL, value=round(127 * amount))
            )
        )
        self.keyboard.note_on.connect(
            lambda note, velocity: bridge.post(NoteOn(note=note, velocity=velocity))
        )
        self.keyboard.note_off.connect(lambda note: bridge.post(NoteOff(note=note)))
        self.computer_keys.note_on.connect(self.keyboard.press)
        self.computer_keys.note_off.connect(self.keyboard.release)
        self.computer_keys.layout_changed.connect(self._show_key_layout)
        self.knobs.menu_opened.connect(lambda name, menu: self.midi.add_to(menu, name))
        self.pad.menu_opened.connect(self._add_midi_of_pad)
        self.midi.attach(self.top.previous, "previous_preset")
        self.midi.attach(self.top.next, "next_preset")
        self.top.panicked.connect(self._panic)
        self.top.record.started.connect(
            lambda settings: bridge.ask(lambda instrument: instrument.start_recording(settings))
        )
        self.top.record.stopped.connect(
            lambda: bridge.ask(lambda instrument: instrument.stop_recording())
        )
        self.top.train.toggled.connect(self.show_train_page)
        self.actions_of_presets.listed.connect(lambda _entries: self.train.renew_sounds())
        self.train.play_wanted.connect(lambda: self.show_train_page(False))
        self.top.settings_wanted.connect(self.show_settings)
        self.status_line.settings_wanted.connect(self.show_settings)
        self.card.acted.connect(self._help)

    def _make_shortcuts(self) -> None:
        actions = self.actions_of_presets
        shortcuts: dict[str, Callable[[], object]] = {
            "Ctrl+S": self.dialogs.save,
            "Ctrl+Shift+S": self.dialogs.save_as,
            "Ctrl+Up": lambda: actions.open_neighbour(-1),
            "Ctrl+Down": lambda: actions.open_neighbour(1),
            "Ctrl+R": lambda: self._reroll(None),
            "Ctrl+F": self.browser.field.setFocus,
            "Ctrl+D": lambda: actions.toggle_favourite(actions.name),
            "Ctrl+Shift+C": actions.copy_text,
            "Ctrl+Shift+V": actions.paste_text,
            "Ctrl+Shift+B": lambda: self._show_sounds(MAP),
            "Ctrl+B": lambda: self._show_sounds(BREED),
            "Ctrl+.": self._panic,
            "Ctrl+,": self.show_settings,
            "Ctrl+T": self.top.train.toggle,
            RECORD_KEY: self.top.record.toggle,
            "Ctrl+M": lambda: self.pad.make_path("path"),
            "Ctrl+Shift+M": lambda: self.pad.make_path("drawing"),
            "Ctrl+Space": self._toggle_path,
            FLIP_KEY: self.train.flip,
            "Esc": self._put_away,
            "Ctrl+Q": self.close,
        }
        for keys, act in shortcuts.items():
            # a lambda keeps the shortcut's own arguments away
            QShortcut(QKeySequence(keys), self).activated.connect(lambda act=act: act())

    def _make_timers(self) -> None:
        self._tips = QTimer(self)
        self._tips.setInterval(TIP_MILLISECONDS)
        self._tips.timeout.connect(self._next_tip)
        self._tips.start()
        self._note_pause = QTimer(self)
        self._note_pause.setSingleShot(True)
        self._note_pause.setInterval(NOTE_MILLISECONDS)
        self._note_pause.timeout.connect(self._picture_due_note)

    def _restore_place(self) -> None:
        geometry = self._settings.value("window/geometry") if self._settings is not None else None
        if not isinstance(geometry, QByteArray) or not self.restoreGeometry(geometry):
            self.resize(*FIRST_SIZE)

    def _state_changed(self, state: str) -> None:
        if state != "playing":
            self.keyboard.release_all()
            self.keyboard.show_gated(bytes(128))
        self._show_connections()

    def _show_connections(self) -> None:
        self.status_line.show_status(self._bridge.status)
        self._show_trouble()

    def _show_trouble(self) -> None:
        state, status = self._bridge.state, self._bridge.status
        self.card.show_hint(hints.trouble(state, status))
        self.status_line.show_hint(hints.tip(state, status, self._tip_turn))

    def _next_tip(self) -> None:
        self._tip_turn += 1
        self._show_trouble()

    def _show_moved(self, name: str, value: object) -> None:
        if name == "pad" and isinstance(value, tuple):
            self.pad.show_place(*value)
        elif isinstance(value, float):
            {"bend": self.bend, "mod": self.mod}[name].show_amount(value)

    def _show_place(self, x: float, y: float) -> None:
        self.place_label.setText(f"x {100 * x:.1f}   y {100 * y:.1f}")

    def _show_preset(self, preset: tuple[str, bool]) -> None:
        name, is_changed = preset
        self.top.name.show_name(name, is_changed=is_changed)
        self.browser.show_open(name)
        self.setWindowTitle(
            f"{name}{' •' if is_changed else ''} - Timbrepad" if name else "Timbrepad"
        )

    def _show_range(self, model: ModelInfo | None) -> None:
        if model is not None:
            self.keyboard.set_range(model.lowest_pitch, model.highest_pitch)

    def _show_key_layout(self) -> None:
        self.keyboard.show_letters(self.computer_keys.labels())
        self.status_line.show_hint(
            f"Computer keys: A plays {note_name(self.computer_keys.base)}, "
            f"velocity {self.computer_keys.velocity}"
        )

    def _picture_note(self) -> None:
        """Ask for the picture of the note, now or when the last one is old enough."""
        if self._note_pause.isActive():
            self._note_is_due = True
            return
        self._note_is_due = False
        self._note_pause.start()
        note = self._bridge.status.last_note
        if note >= 0:
            self._bridge.ask(
                lambda instrument: _picture(instrument.note_wave(note)), self._show_picture
            )

    def _picture_due_note(self) -> None:
        if self._note_is_due:
            self._picture_note()

    def _show_picture(self, picture: NotePicture | None) -> None:
        if picture is not None:
            self.note_view.show_picture(picture)

    def _set_corner(self, index: int, timbre: str) -> None:
        self._bridge.ask(lambda instrument: instrument.set_corner(index, timbre))

    def _match(self, index: int, file: str) -> None:
        status = self._bridge.status
        if status.model is not None and index < len(status.corners):
            self.match.match(file, index, status.corners[index].name, status.model.path)

    def _reroll(self, index: int | None) -> None:
        self._bridge.ask(lambda instrument: instrument.reroll(index))

    def _lock(self, index: int, locked: bool) -> None:
        self._bridge.ask(lambda instrument: instrument.lock_corner(index, locked))

    def _record_path(self, is_on: bool, is_even: bool) -> None:
        self._bridge.post(RecordPath(is_on=is_on, is_even=is_even))

    def _toggle_path(self) -> None:
        """Play the path in a loop, or stop it."""
        is_on = self._bridge.status.parameters.get("path_mode", 0.0) > 0.0
        self._bridge.post(SetParameter(name="path_mode", value=0.0 if is_on else 1.0))

    def _panic(self) -> None:
        self.computer_keys.release_all()
        self.keyboard.release_all()
        self._bridge.post(Panic())

    def _show_midi(self) -> None:
        for name, knob in self.knobs.knobs.items():
            knob.show_midi(
                self.midi.mover(name),
                is_learned=self.midi.is_learned(name),
                is_learning=self.midi.learning == name,
            )
        self.pad.show_learning(self.midi.learning)
        self._show_trouble()

    def _add_midi_of_pad(self, menu: QMenu) -> None:
        for axis in (PAD_X, PAD_Y):
            self.midi.add_submenu_to(menu, axis)

    def _show_sounds(self, page: int) -> None:
        self.show_train_page(False)
        self.browser.show_tab(page)
        (self.browser.map if page == MAP else self.browser.breed.grid).setFocus()

    def _put_away(self) -> None:
        """Stop learning, making a path, matching or trying a sound, or put a notice away."""
        if self.midi.learning:
            self.midi.learn("")
        elif self.pad.making:
            self.pad.make_path("")
        elif self.match.isVisible():
            self.match.put_away()
        elif self.actions_of_presets.is_auditioning:
            self.actions_of_presets.go_back()
        else:
            self.notices.put_away()

    def _help(self, action: str) -> None:
        if action == "restart":
            self._bridge.begin()
        else:
            self.show_settings(action)


def _picture(wave: NoteWave | None) -> NotePicture | None:
    return picture_of(wave) if wave is not None and wave.samples else None


def _panel(layout: QVBoxLayout) -> QWidget:
    panel = QWidget()
    panel.setObjectName("panel")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    panel.setLayout(layout)
    return panel


def _column(widget: QWidget, margins: tuple[int, int, int, int]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(*margins)
    column.addWidget(widget)
    return column


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Put widgets side by side; None stretches."""
    row = QHBoxLayout()
    row.setSpacing(GAP)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row


def _caption(text: str) -> QLabel:
    caption = QLabel(text)
    caption.setProperty("role", "caption")
    return caption
