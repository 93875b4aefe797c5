"""The sounds at the left: presets by list, map and breeding, and the model's timbres."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSpacerItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from gui.pad.latent_pad import timbre_mime
from gui.pad.timbre_menu import matches
from gui.widgets import icons
from gui.widgets.theme import GAP, TAB_GAP, Theme
from gui.widgets.timbre_colour import UNKNOWN, Features, colour_of, features_of, words_of
from instrument import MOST_POINTS, Corner, Preset, PresetEntry, Timbre

from .audition_bar import AuditionBar
from .breed_view import BreedView
from .chip_row import FAVOURITES, NEAR, RECENT, ChipRow
from .keep_bar import KeepBar
from .preset_actions import PresetActions
from .preset_dialogs import PresetDialogs
from .preset_map import MapPoint, PresetMap
from .preset_sound import distance, preset_features
from .sound_list import Row, SoundList
from .sound_pictures import preset_picture, timbre_picture

PRESETS, TIMBRES, MAP, BREED = 0, 1, 2, 3
TABS = ("Presets", "Timbres", "Map", "Breed")


class PresetBrowser(QWidget):
    """A search field over four pages, one of which is shown."""

    timbre_chosen = Signal(int, str)
    point_wanted = Signal(str)  # of a timbre, at the finger

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
        self._points: tuple[Corner, ...] = ()
        self._families: dict[str, str] = {}
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search")
        self.field.setAccessibleName("Search sounds")
        self.field.setClearButtonEnabled(True)
        self.field.addAction(
            icons.icon("search", theme.colour("dim")), QLineEdit.ActionPosition.LeadingPosition
        )
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._choose_first)
        self.tabs = [self._make_tab(place, name) for place, name in enumerate(TABS)]
        self.chips = ChipRow()
        self.chips.changed.connect(self._filter)
        self.map = PresetMap(theme)
        self.map.tried.connect(actions.audition)
        self.map.chosen.connect(actions.open)
        self.breed = BreedView(actions, theme)
        self.audition = AuditionBar()
        self.audition.back.connect(actions.go_back)
        self.audition.kept.connect(actions.keep)
        self.keeping = KeepBar()
        self.presets = SoundList(theme)
        self.presets.setAccessibleName("Presets")
        self.presets.chosen.connect(actions.open)
        self.presets.tried.connect(actions.audition)
        self.presets.customContextMenuRequested.connect(self._open_preset_menu)
        self.timbres = SoundList(theme)
        self.timbres.setAccessibleName("Timbres")
        self.timbres.allow_drag(timbre_mime)
        self.timbres.chosen.connect(self._open_corner_menu)
        self.timbres.customContextMenuRequested.connect(self._open_timbre_menu)
        self._lay_out()
        actions.listed.connect(self.show_entries)
        actions.trial.tried.connect(self.audition.show_tried)
        actions.shelved.connect(self._filter)

    @property
    def known_timbres(self) -> tuple[Timbre, ...]:
        """The model's named timbres."""
        return self._timbres

    def sizeHint(self) -> QSize:
        """Ask for the width of a name and its picture."""
        return QSize(230, 400)

    def show_tab(self, place: int) -> None:
        """Show the presets (0), the timbres (1), the map (2) or breeding (3)."""
        self.tabs[place].setChecked(True)
        self._stack.setCurrentIndex(place)
        self.chips.setVisible(place in (PRESETS, MAP))
        if place == BREED:
            self.breed.begin()
        self._filter()

    def breed_with(self, name: str) -> None:
        """Show breeding, with a preset as the mate of what sounds."""
        entry = next(entry for entry in self._entries if entry.name == name)
        self.show_tab(BREED)
        self.breed.set_mate(self._preset(entry))

    def show_entries(self, entries: tuple[PresetEntry, ...]) -> None:
        """Take the list of presets."""
        self._entries = entries
        self._presets.clear()
        self.chips.show_tags(entries)
        self._filter()

    def show_timbres(self, timbres: tuple[Timbre, ...]) -> None:
        """Take the model's named timbres."""
        self._timbres = timbres
        self._families = {timbre.name: timbre.family for timbre in timbres}
        self.breed.show_timbres(timbres)
        self._filter()

    def show_open(self, name: str) -> None:
        """Choose the preset that is open."""
        self.presets.select(name)
        self.map.show_open(name)
        if self._actions.is_auditioning:
            return
        if self._stack.currentIndex() == BREED:
            self.breed.begin()
        elif self.chips.is_on(NEAR):
            self._filter()

    def preset_menu(self, name: str) -> QMenu:
        """Make the menu of a preset in the list."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open", lambda: self._actions.open(name))
        menu.addAction("Try", lambda: self._actions.audition(name))
        is_favourite = name in self._actions.favourites
        menu.addAction(
            "No favourite any more" if is_favourite else "Favourite",
            lambda: self._actions.toggle_favourite(name),
        )
        menu.addAction("Breed with this", lambda: self.breed_with(name))
        menu.addSeparator()
        is_own = not self._actions.is_factory(name)
        menu.addAction("Rename…", lambda: self._dialogs.rename(name)).setEnabled(is_own)
        menu.addAction("Delete…", lambda: self._dialogs.delete(name)).setEnabled(is_own)
        menu.addAction("As it was before", lambda: self._actions.revert(name)).setEnabled(
            is_own and self._actions.has_backup(name)
        )
        menu.addSeparator()
        menu.addAction("Copy as text", lambda: self._actions.copy_text(name))
        menu.addAction("Export…", lambda: self._dialogs.export_file(name))
        return menu

    def show_points(self, points: Sequence[Corner]) -> None:
        """Take the pad's points, which a timbre can be put on."""
        self._points = tuple(points)

    def corner_menu(self, timbre: str) -> QMenu:
        """Make the menu that asks for the point of a timbre."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for index in range(len(self._points)):
            menu.addAction(self._put_action(menu, index, timbre))
        menu.addSeparator()
        new = menu.addAction("New point at the finger", lambda: self.point_wanted.emit(timbre))
        new.setEnabled(0 < len(self._points) < MOST_POINTS)
        return menu

    def _put_action(self, menu: QMenu, index: int, timbre: str) -> QAction:
        point = self._points[index]
        action = QAction(f"In place of {point.name or f'point {index + 1}'}", menu)
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
        tabs.setSpacing(3)
        for tab in self.tabs:
            group.addButton(tab)
            tabs.addWidget(tab)
            tabs.addItem(QSpacerItem(TAB_GAP, 0, QSizePolicy.Policy.Maximum))  # may shrink
        tabs.addStretch(1)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.presets)
        self._stack.addWidget(self.timbres)
        self._stack.addWidget(self.map)
        self._stack.addWidget(self.breed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.field)
        layout.addLayout(tabs)
        layout.addWidget(self.chips)
        layout.addLayout(self._stack, 1)
        layout.addWidget(self.audition)
        layout.addWidget(self.keeping)

    def _filter(self) -> None:
        """Show what matches every word that is typed."""
        words = self.field.text().casefold().split()
        page = self._stack.currentIndex()
        if page == PRESETS:
            self.presets.show_rows(self._preset_rows(words) or _nothing(words, "presets"))
        elif page == TIMBRES:
            self.timbres.show_rows(self._timbre_rows(words) or _nothing(words, "timbres"))
        elif page == MAP:
            self._show_map(words)

    def _found(self, words: Sequence[str]) -> list[PresetEntry]:
        """Give the presets that the words and the chips ask for, in their order."""
        tags = set(self.chips.tags())
        found = [
            entry
            for entry in self._entries
            if tags <= set(entry.tags)
            and matches(words, entry.name, entry.author, *entry.tags, *self._families_of(entry))
        ]
        if self.chips.is_on(FAVOURITES):
            found = [entry for entry in found if entry.name in self._actions.favourites]
        if self.chips.is_on(RECENT):
            places = {name: place for place, name in enumerate(self._actions.recent)}
            found = [entry for entry in found if entry.name in places]
            found.sort(key=lambda entry: places[entry.name])
        return found

    def _families_of(self, entry: PresetEntry) -> list[str]:
        return [self._families[name] for name in entry.timbres if name in self._families]

    def _preset_rows(self, words: Sequence[str]) -> list[Row]:
        found = self._found(words)
        about = {entry.name: _about(entry) for entry in found}
        if self.chips.is_on(NEAR):
            here = preset_features(self._actions.home(), self._timbres)
            away = {e.name: distance(here, self._heard(e)) for e in found if not e.problem}
            found = sorted((e for e in found if e.name in away), key=lambda e: away[e.name])
            about = {e.name: f"{100 * away[e.name]:.0f} % away · {about[e.name]}" for e in found}
        return [
            Row(
                entry.name,
                about[entry.name],
                self._preset_picture(entry),
                entry.problem,
                is_favourite=entry.name in self._actions.favourites,
            )
            for entry in found
        ]

    def _show_map(self, words: Sequence[str]) -> None:
        from .principal_axes import lay_out  # noqa: PLC0415  # NumPy, once there is a map

        found = [entry for entry in self._found(words) if not entry.problem]
        heard = [self._heard(entry) for entry in found]
        places, axes = lay_out(heard) if found else ([], ("", ""))
        points = [
            MapPoint(
                entry.name,
                words_of(features),
                *place,
                colour_of(features),
                is_favourite=entry.name in self._actions.favourites,
            )
            for entry, features, place in zip(found, heard, places, strict=True)
        ]
        self.map.show_points(points, axes)

    def _heard(self, entry: PresetEntry) -> Features:
        preset = self._preset(entry)
        return preset_features(preset, self._timbres) if preset is not None else UNKNOWN

    def _preset(self, entry: PresetEntry) -> Preset | None:
        if entry.name not in self._presets:
            self._presets[entry.name] = self._actions.preset(entry)
        return self._presets[entry.name]

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

    def _preset_picture(self, entry: PresetEntry) -> Callable[[QSize], QPixmap]:
        def draw(size: QSize) -> QPixmap:
            return preset_picture(self._preset(entry), self._timbres, size)

        return draw

    def _choose_first(self) -> None:
        page = self._stack.currentIndex()
        if page in (MAP, BREED):
            self.show_tab(PRESETS)
        shown = self.timbres if page == TIMBRES else self.presets
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
