"""The sounds at the left: presets to open, and the model's named timbres to put on a corner."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from instrument import Preset, PresetEntry, Timbre

from . import icons
from .corner_chip import CORNER_NAMES
from .latent_pad import timbre_mime
from .preset_actions import PresetActions
from .preset_dialogs import PresetDialogs
from .sound_list import Row, SoundList
from .sound_pictures import preset_picture, timbre_picture
from .theme import GAP, Theme
from .timbre_colour import corner_features, features_of, words_of
from .timbre_menu import matches

PRESETS, TIMBRES = 0, 1


class PresetBrowser(QWidget):
    """A search field over two lists, one of which is shown."""

    timbre_chosen = Signal(int, str)

    def __init__(
        self,
        actions: PresetActions,
        dialogs: PresetDialogs,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._dialogs = dialogs
        self._entries: tuple[PresetEntry, ...] = ()
        self._presets: dict[str, Preset | None] = {}
        self._timbres: tuple[Timbre, ...] = ()
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search")
        self.field.setAccessibleName("Search sounds")
        self.field.setClearButtonEnabled(True)
        self.field.addAction(
            icons.icon("search", theme.colour("dim")), QLineEdit.ActionPosition.LeadingPosition
        )
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._choose_first)
        self.tabs = [
            self._make_tab(place, name) for place, name in enumerate(("Presets", "Timbres"))
        ]
        self.presets = SoundList(theme)
        self.presets.setAccessibleName("Presets")
        self.presets.chosen.connect(actions.open)
        self.presets.customContextMenuRequested.connect(self._open_preset_menu)
        self.timbres = SoundList(theme)
        self.timbres.setAccessibleName("Timbres")
        self.timbres.allow_drag(timbre_mime)
        self.timbres.chosen.connect(self._open_corner_menu)
        self.timbres.customContextMenuRequested.connect(self._open_timbre_menu)
        self._lay_out()
        actions.listed.connect(self.show_entries)

    def sizeHint(self) -> QSize:
        """Ask for the width of a name and its picture."""
        return QSize(230, 400)

    def show_tab(self, place: int) -> None:
        """Show the presets (0) or the timbres (1)."""
        self.tabs[place].setChecked(True)
        self._stack.setCurrentIndex(place)
        self._filter()

    def show_entries(self, entries: tuple[PresetEntry, ...]) -> None:
        """Take the list of presets."""
        self._entries = entries
        self._presets.clear()
        self._filter()

    def show_timbres(self, timbres: tuple[Timbre, ...]) -> None:
        """Take the model's named timbres."""
        self._timbres = timbres
        self._filter()

    def show_open(self, name: str) -> None:
        """Choose the preset that is open."""
        self.presets.select(name)

    def preset_menu(self, name: str) -> QMenu:
        """Make the menu of a preset in the list."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open", lambda: self._actions.open(name))
        is_own = not self._actions.is_factory(name)
        menu.addAction("Rename…", lambda: self._dialogs.rename(name)).setEnabled(is_own)
        menu.addAction("Delete…", lambda: self._dialogs.delete(name)).setEnabled(is_own)
        menu.addAction("Export…", lambda: self._dialogs.export_file(name))
        return menu

    def corner_menu(self, timbre: str) -> QMenu:
        """Make the menu that asks for the corner of a timbre."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for index in (2, 3, 0, 1):  # as they lie on the pad
            menu.addAction(self._put_action(menu, index, timbre))
        return menu

    def _put_action(self, menu: QMenu, index: int, timbre: str) -> QAction:
        action = QAction(f"Put on the corner {CORNER_NAMES[index]}", menu)
        action.triggered.connect(lambda: self.timbre_chosen.emit(index, timbre))
        return action

    def _make_tab(self, place: int, name: str) -> QPushButton:
        tab = QPushButton(name)
        tab.setProperty("role", "tab")
        tab.setCheckable(True)
        tab.setChecked(place == PRESETS)
        tab.setCursor(Qt.CursorShape.PointingHandCursor)
        tab.clicked.connect(lambda: self.show_tab(place))
        return tab

    def _lay_out(self) -> None:
        group = QButtonGroup(self)
        tabs = QHBoxLayout()
        tabs.setSpacing(14)
        for tab in self.tabs:
            group.addButton(tab)
            tabs.addWidget(tab)
        tabs.addStretch(1)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.presets)
        self._stack.addWidget(self.timbres)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.field)
        layout.addLayout(tabs)
        layout.addLayout(self._stack, 1)

    def _filter(self) -> None:
        """Show what matches every word that is typed."""
        words = self.field.text().casefold().split()
        if self._stack.currentIndex() == PRESETS:
            self.presets.show_rows(self._preset_rows(words) or _nothing(words, "presets"))
        else:
            self.timbres.show_rows(self._timbre_rows(words) or _nothing(words, "timbres"))

    def _preset_rows(self, words: Sequence[str]) -> list[Row]:
        return [
            Row(entry.name, _about(entry), self._preset_picture(entry.name), entry.problem)
            for entry in self._entries
            if matches(words, entry.name, entry.author, *entry.tags)
        ]

    def _timbre_rows(self, words: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        family = ""
        for timbre in sorted(self._timbres, key=lambda timbre: (timbre.family, timbre.name)):
            if not matches(words, timbre.name, timbre.family, words_of(features_of(timbre))):
                continue
            if timbre.family != family:
                family = timbre.family
                rows.append(Row(family))
            rows.append(Row(timbre.name, words_of(features_of(timbre)), _timbre_picture(timbre)))
        return rows

    def _preset_picture(self, name: str) -> Callable[[QSize], QPixmap]:
        def draw(size: QSize) -> QPixmap:
            if name not in self._presets:
                self._presets[name] = self._actions.preset(name)
            preset = self._presets[name]
            if preset is None:
                return preset_picture((), 0.5, 0.5, size)
            corners = [corner_features(corner, self._timbres) for corner in preset.corners]
            return preset_picture(corners, preset.pad_x, preset.pad_y, size)

        return draw

    def _choose_first(self) -> None:
        shown = (self.presets, self.timbres)[self._stack.currentIndex()]
        names = shown.names()
        if names:
            shown.select(names[0])
            shown.setFocus()
            shown.chosen.emit(names[0])

    def _open_preset_menu(self, position: QPoint) -> None:
        name = self.presets.name_at(position)
        if name:
            self.preset_menu(name).popup(self.presets.viewport().mapToGlobal(position))

    def _open_timbre_menu(self, position: QPoint) -> None:
        name = self.timbres.name_at(position)
        if name:
            self.corner_menu(name).popup(self.timbres.viewport().mapToGlobal(position))

    def _open_corner_menu(self, name: str) -> None:
        rect = self.timbres.rect_of(name)
        self.corner_menu(name).popup(self.timbres.viewport().mapToGlobal(rect.bottomLeft()))


def _about(entry: PresetEntry) -> str:
    return " · ".join(entry.tags) or entry.author or ("factory" if entry.is_factory else "yours")


def _nothing(words: Sequence[str], what: str) -> list[Row]:
    """Say in headings that a list is empty: a model may well name no timbres, but draws them."""
    if words:
        return [Row(f"No {what} match")]
    if what == "timbres":
        return [Row("No named timbres"), Row("The dice on the pad draw one")]
    return [Row("No presets yet")]


def _timbre_picture(timbre: Timbre) -> Callable[[QSize], QPixmap]:
    return lambda size: timbre_picture(features_of(timbre), size)
