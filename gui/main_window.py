"""The window: joins panels, player and commands; holds no state of its own."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QSettings, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from gui.commands.commands import Commands
from gui.commands.palette import Palette
from gui.history.trail_view import TrailView
from gui.history.undo import Undo
from gui.presets.chip_row import FAVOURITES
from gui.presets.preset_actions import PresetActions
from gui.presets.preset_browser import MAP, TIMBRES
from gui.presets.preset_dialogs import PresetDialogs
from gui.settings.device_dialog import DeviceDialog
from gui.settings.midi_learn import MidiLearn
from gui.widgets.computer_keys import ComputerKeys
from gui.widgets.theme import Theme
from gui.widgets.units_text import note_name
from instrument import AudioStatus, PresetLibrary, training_folder

from .bridge import Bridge
from .panels import Panels
from .player import Player
from .showing import Showing
from .tour import Tour
from .window_commands import next_block, window_commands

MINIMUM_SIZE = (900, 600)
FIRST_SIZE = (1280, 800)


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
            settings: Where the window's place and the keys are kept; None keeps nothing.
            trainings: Where trainings lie; None is the usual place.
        """
        super().__init__()
        self._bridge, self._theme, self._settings = bridge, theme, settings
        self._was_painted = self._may_close = False
        self.setWindowTitle("Timbrepad")
        self.setMinimumSize(*MINIMUM_SIZE)
        self.actions_of_presets = PresetActions(bridge, library, self)
        self.dialogs = PresetDialogs(self.actions_of_presets, self)
        self.undo = Undo(bridge, self.actions_of_presets, self)
        self.commands = Commands(self, settings)
        self._make_panels(library, trainings or training_folder())
        self.midi = MidiLearn(bridge, self)
        self.computer_keys = ComputerKeys(self)
        self.devices = DeviceDialog(bridge, self.midi, self.commands, theme, self)
        self.player = Player(bridge, self._panels, self.computer_keys, self.midi, self)
        self.showing = Showing(bridge, self._panels, self.midi, self._keys_of, self)
        self.palette_of_commands = Palette(self.commands, theme, self)
        self.trail = TrailView(self)
        self.tour = Tour(self._panels, theme, settings, self._keys_of)
        self.commands.add(*window_commands(self))
        self.commands.restore()
        self.top.use(self.commands)
        self.commands.tip(
            self.reroll_all, "reroll", "Draw new timbres for every point that is not locked"
        )
        self._connect()
        self._show_history()
        self._show_key_layout()
        self._restore_place()
        self.pad.setFocus()

    def show_settings(self, page: str = "audio") -> None:
        """Open the settings at one of the pages of `device_dialog.PAGES`."""
        self.devices.open_page(page)

    def show_train_page(self, is_wanted: bool = True) -> None:
        """Show the Train page in place of the pad, or the pad again; the keys play on."""
        self.pages.setCurrentIndex(1 if is_wanted else 0)
        self.top.train.setChecked(is_wanted)

    def show_sounds(self, page: int) -> None:
        """Show a page of the browser, and work on it with the keys."""
        self.show_train_page(False)
        self.browser.show_tab(page)
        browser = self.browser
        lists = {TIMBRES: browser.timbres, MAP: browser.map}
        (lists.get(page) or (browser.presets if page < TIMBRES else browser.breed.grid)).setFocus()

    def search_sounds(self) -> None:
        """Go to the search field."""
        self.show_train_page(False)
        self.browser.field.setFocus()

    def show_palette(self) -> None:
        """Open the command palette."""
        self.palette_of_commands.begin()

    def show_trail(self) -> None:
        """Open the trail of the last sounds."""
        below = self.top.undo.mapToGlobal(QPoint(0, self.top.undo.height() + 6))
        history = self.undo.history
        self.trail.begin(self.undo.cards, history.present(), self.browser.known_timbres, below)

    def show_tour(self) -> None:
        """Take the tour."""
        self.show_train_page(False)
        self.tour.begin()

    def focus_on(self, widget: QWidget) -> None:
        """Work on a panel of the playing page with the keys."""
        self.show_train_page(False)
        widget.setFocus()

    def focus_on_knob(self, name: str) -> None:
        """Show a parameter's knob, and turn it with the keys."""
        self.show_train_page(False)
        if name in self.knobs.knobs:
            self.knobs.focus_on(name)
        else:
            self.note_view.ending.setFocus()

    def audio_status(self) -> AudioStatus:
        """Give how the sound output stands."""
        return self._bridge.status.audio

    def step_block(self, step: int) -> None:
        """Open the output with the next larger (1) or smaller (-1) block."""
        audio = self._bridge.status.audio
        if audio.running:
            self.player.use_block(next_block(audio.block, step))

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def put_away(self) -> None:
        """Stop learning, making a path, matching or trying a sound, or put a notice away."""
        if self.tour.isVisible():
            self.tour.end()
        elif self.midi.learning:
            self.midi.learn("")
        elif self.pad.making:
            self.pad.make_path("")
        elif self.match.isVisible():
            self.match.put_away()
        elif self.actions_of_presets.is_auditioning:
            self.actions_of_presets.go_back()
        else:
            self.notices.put_away()

    def close_for_good(self) -> None:
        """Close without asking."""
        self._may_close = True
        self.close()

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
        if self.browser.keeping.is_running:
            self.browser.keeping.put_away()
        if self._settings is not None:
            self._settings.setValue("window/geometry", self.saveGeometry())
        self.devices.close()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell when the window has been seen for the first time: then the slow things may begin."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def _make_panels(self, library: PresetLibrary, trainings: Path) -> None:
        self._panels = panels = Panels(
            self._bridge,
            library,
            self.actions_of_presets,
            self.dialogs,
            self._theme,
            trainings=trainings,
            settings=self._settings,
        )
        self.setCentralWidget(panels)
        self.top, self.status_line = panels.top, panels.status_line
        self.pages, self.browser, self.train = panels.pages, panels.browser, panels.train
        self.left, self.right, self.bottom = panels.left, panels.right, panels.bottom
        self.pad, self.card, self.reroll_all = panels.pad, panels.card, panels.reroll_all
        self.match = panels.match
        self.note_view, self.knobs, self.meter = panels.note_view, panels.knobs, panels.meter
        self.bend, self.mod, self.keyboard = panels.bend, panels.mod, panels.keyboard
        self.notices, self.place_label = panels.notices, panels.place_label

    def _connect(self) -> None:
        bridge, commands = self._bridge, self.commands
        bridge.preset_changed.connect(self._show_preset)
        bridge.corners_changed.connect(self._show_corners)
        self.undo.changed.connect(self._show_history)
        self.trail.chosen.connect(self.undo.go_to)
        self.match.used.connect(self.actions_of_presets.use_match)
        self.reroll_all.clicked.connect(commands.action("reroll").trigger)
        self.actions_of_presets.listed.connect(lambda _entries: self.train.renew_sounds())
        self.actions_of_presets.unsaved_kept.connect(
            lambda name: commands.action("unsaved").setText(f"Back to unsaved “{name}”")
        )
        self.browser.keeping.said.connect(lambda text, bad: bridge.say(text, is_error=bad))
        commands.tip(
            self.browser.chips.chip(FAVOURITES), "favourite", "Only favourites; one is made by"
        )
        self.pad.use_keys(commands.keys)
        self.train.play_wanted.connect(lambda: self.show_train_page(False))
        self.top.train.toggled.connect(self.show_train_page)
        self.status_line.settings_wanted.connect(self.show_settings)
        self.computer_keys.layout_changed.connect(self._show_key_layout)
        self.card.acted.connect(self._help)
        bridge.state_changed.connect(
            lambda state: self.tour.begin_once() if state == "playing" else None
        )
        self.tour.chord_wanted.connect(self.player.play_chord)
        self.tour.page_wanted.connect(self.show_settings)

    def _keys_of(self, name: str) -> str:
        return self.commands.keys(name) if name in self.commands.table else name

    def _restore_place(self) -> None:
        geometry = self._settings.value("window/geometry") if self._settings is not None else None
        if not isinstance(geometry, QByteArray) or not self.restoreGeometry(geometry):
            self.resize(*FIRST_SIZE)

    def _show_preset(self, preset: tuple[str, bool]) -> None:
        name, is_changed = preset
        self.top.show_preset(name, is_changed=is_changed)
        self.browser.show_open(name)
        self.setWindowTitle(
            f"{name}{' •' if is_changed else ''} - Timbrepad" if name else "Timbrepad"
        )

    def _show_corners(self, corners: object) -> None:
        self.reroll_all.setEnabled(bool(corners))
        self.commands.action("reroll").setEnabled(bool(corners))

    def _show_history(self) -> None:
        history = self.undo.history
        for name, verb, what, is_possible in (
            ("undo", "Undo", history.undo_words, self.undo.can_undo),
            ("redo", "Redo", history.redo_words, bool(history.redo_words)),
        ):
            action = self.commands.action(name)
            action.setText(f"{verb} {what}".rstrip())
            action.setEnabled(is_possible)

    def _show_key_layout(self) -> None:
        keys = self.computer_keys
        self.keyboard.show_letters(keys.labels())
        self.status_line.show_hint(
            f"Computer keys: A plays {note_name(keys.base)}, velocity {keys.velocity}"
        )

    def _help(self, action: str) -> None:
        if action == "restart":
            self._bridge.begin()
        else:
            self.show_settings(action)
