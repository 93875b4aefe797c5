"""The knobs of the table of parameters, group by group, on five pages."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from instrument import PARAMETERS, Parameter

from .axis_knobs import GROUP as AXES_GROUP
from .axis_knobs import AxisKnobs
from .knob import Knob
from .theme import TAB_GAP, Theme

COLUMNS = 4
ELSEWHERE = {"ending"}  # parameters that have no knob here: the note's picture has this one
TALLEST = 1000  # more would only tear the rows apart
PAGES: dict[str, tuple[str, ...]] = {
    "Sound": (),
    "Playing": ("keys", "pressure", "pedals, breath"),
    "Voices": ("motion", "timbre", "unison"),
    "Effects": ("chorus", "delay", "reverb"),
    "Motion": (
        "tempo, path",
        "pad, left to right",
        "pad, up and down",
        "pad envelope",
        "pad drift",
    ),
}
"""The groups of each page; the first has those that no other has."""


class KnobPanel(QWidget):
    """Pages of rows of four knobs, each group under its name."""

    turned = Signal(str, float)
    menu_opened = Signal(str, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knobs: dict[str, Knob] = {}
        groups = tuple(dict.fromkeys(parameter.group for parameter in PARAMETERS))
        self._stack = QStackedLayout()
        elsewhere = {group for page in PAGES.values() for group in page}
        for chosen in PAGES.values():
            page = [g for g in groups if g in chosen or (not chosen and g not in elsewhere)]
            self._stack.addWidget(self._page(page, theme))
        self.tabs = [self._tab(place, name) for place, name in enumerate(PAGES)]
        buttons = QButtonGroup(self)
        tabs = QHBoxLayout()
        tabs.setSpacing(3)
        for tab in self.tabs:
            buttons.addButton(tab)
            tabs.addWidget(tab)
            tabs.addItem(QSpacerItem(TAB_GAP, 0, QSizePolicy.Policy.Maximum))  # may shrink
        tabs.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(tabs)
        layout.addLayout(self._stack, 1)
        self.setMaximumHeight(TALLEST)

    def show_value(self, name: str, value: float) -> None:
        """Show a parameter's value."""
        if name in self.knobs:
            self.knobs[name].show_value(value)

    def show_waiting(self, places: dict[str, float]) -> None:
        """Show where MIDI controllers point that have yet to come by a knob's value, by name."""
        for name, knob in self.knobs.items():
            knob.show_waiting(places.get(name))

    def show_page(self, place: int) -> None:
        """Show one of `PAGES`."""
        self.tabs[place].setChecked(True)
        self._stack.setCurrentIndex(place)

    def focus_on(self, name: str) -> None:
        """Show a parameter's knob, and let the keys turn it."""
        knob = self.knobs[name]
        for place in range(self._stack.count()):
            scroll = self._stack.widget(place)
            if isinstance(scroll, QScrollArea) and scroll.isAncestorOf(knob):
                self.show_page(place)
                scroll.ensureWidgetVisible(knob)
        knob.setFocus()

    def _tab(self, place: int, name: str) -> QPushButton:
        tab = QPushButton(name)
        tab.setProperty("role", "tab")
        tab.setCheckable(True)
        tab.setChecked(place == 0)
        tab.setCursor(Qt.CursorShape.PointingHandCursor)
        tab.clicked.connect(lambda: self.show_page(place))
        return tab

    def _page(self, groups: list[str], theme: Theme) -> QScrollArea:
        """Lay out the rows of some groups; in a low window they scroll."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for group in groups:
            if group == AXES_GROUP:
                self._make_knobs(group, theme)
                self.axes = AxisKnobs(self.knobs)
                layout.addWidget(self.axes.head)
                layout.addLayout(self.axes.row, 1)
                continue
            caption = QLabel(group.upper())
            caption.setProperty("role", "caption")
            caption.setContentsMargins(0, 3, 0, 0)
            layout.addWidget(caption)
            row = self._row(group, theme)
            layout.addLayout(row, row.rowCount())
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        for widget in (scroll, scroll.viewport(), page):
            widget.setAutoFillBackground(False)
        return scroll

    def _make_knobs(self, group: str, theme: Theme) -> list[Knob]:
        made = [Knob(parameter, theme) for parameter in _in_group(group)]
        for knob in made:
            knob.turned.connect(self.turned)
            knob.menu_opened.connect(self.menu_opened)
            self.knobs[knob.parameter.name] = knob
        return made

    def _row(self, group: str, theme: Theme) -> QGridLayout:
        row = QGridLayout()
        row.setSpacing(0)
        for place, knob in enumerate(self._make_knobs(group, theme)):
            row.addWidget(knob, place // COLUMNS, place % COLUMNS)
        for column in range(COLUMNS):
            row.setColumnStretch(column, 1)
        return row


def _in_group(group: str) -> list[Parameter]:
    return [row for row in PARAMETERS if row.group == group and row.name not in ELSEWHERE]
