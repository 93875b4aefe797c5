"""Breeding: children of the sound that plays, alone or with a mate; and its family tree."""

import random
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from gui.widgets import icons
from gui.widgets.theme import Theme
from instrument import (
    Preset,
    Timbre,
    family_lines,
    mix,
    more_like,
    mutate,
    places_of,
    swap_corners,
)

from .breed_grid import PARENT, BreedGrid
from .preset_actions import PresetActions
from .sound_pictures import preset_picture

N_CHILDREN = 8
FIRST_AMOUNT = 30  # percent
N_FAMILY_LINES = 6


class BreedView(QWidget):
    """A grid of children, how far they go, the mate, and the family."""

    def __init__(self, actions: PresetActions, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._timbres: tuple[Timbre, ...] = ()
        self._parent: Preset | None = None
        self._mate: Preset | None = None
        self._children: tuple[Preset, ...] = ()
        self._seed = 1
        self.title = _caption()
        self.grid = BreedGrid(theme)
        self.grid.tried.connect(self._try)
        self.grid.chosen.connect(self._keep)
        self.amount = QSlider(Qt.Orientation.Horizontal)
        self.amount.setRange(1, 100)
        self.amount.setValue(FIRST_AMOUNT)
        self.amount.setAccessibleName("How far the children go")
        self.amount.valueChanged.connect(lambda _value: self._breed())
        self.again = QPushButton()
        self.again.setProperty("role", "chip")
        self.again.setIcon(icons.icon("dice", theme.colour("text"), theme.colour("faint")))
        self.again.setAccessibleName("Draw other children")
        self.again.setToolTip("Draw other children")
        self.again.clicked.connect(self._draw)
        self.alone = QPushButton("Without mate")
        self.alone.setProperty("role", "chip")
        self.alone.clicked.connect(lambda: self.set_mate(None))
        self.family = _caption()
        self.family.setWordWrap(True)
        self.family.setAccessibleName("Family tree")
        self._lay_out()
        self._show_words()

    def show_timbres(self, timbres: Sequence[Timbre]) -> None:
        """Take the model's named timbres, which colour the pictures."""
        self._timbres = tuple(timbres)
        self._show_tiles()

    def begin(self) -> None:
        """Take what sounds now as the parent, unless a child is being tried."""
        if not self._actions.is_auditioning:
            self._actions.ask_preset(self._take_parent)

    def set_mate(self, mate: Preset | None) -> None:
        """Breed with another preset from now on, or alone with None."""
        self._mate = mate
        self._breed()

    def _take_parent(self, preset: Preset) -> None:
        self._parent = preset
        self._breed()

    def _draw(self) -> None:
        self._seed = random.randrange(2**31)
        self._breed()

    def _breed(self) -> None:
        if self._parent is not None and all(corner.z for corner in self._parent.corners):
            amount, parent = self.amount.value() / 100, self._parent
            self._children = self._actions.bred(
                lambda: _children(parent, self._mate, amount, self._seed)
            )
            if not self._children:  # of another model: the mate is said to be none
                self._mate = None
        self._show_words()
        self._show_tiles()

    def _show_tiles(self) -> None:
        if self._parent is None or len(self._children) != N_CHILDREN:
            self.grid.show_tiles(())
            return
        sounds = [*self._children[:PARENT], self._parent, *self._children[PARENT:]]
        words = [sound.made or sound.name for sound in sounds]
        words[PARENT] = f"{self._parent.name}, the parent"
        self.grid.show_tiles(
            [(word, self._picture(sound)) for word, sound in zip(words, sounds, strict=True)]
        )

    def _picture(self, preset: Preset) -> "_Picture":
        return _Picture(preset, self._timbres)

    def _show_words(self) -> None:
        name = self._parent.name if self._parent is not None else ""
        mate = f" + {self._mate.name}" if self._mate is not None else ""
        self.title.setText(f"MORE LIKE {name}{mate}".upper() if name else "MORE LIKE THIS")
        self.alone.setVisible(self._mate is not None)
        lines = family_lines(self._parent)[: N_FAMILY_LINES + 1] if self._parent else ()
        told = [f"{'    ' * (depth - 1)}└ {line}" for depth, line in lines if depth]
        self.family.setText("\n".join(told))
        self.family.setVisible(bool(told))

    def _try(self, place: int) -> None:
        if place == PARENT:
            self._actions.go_back()
        else:
            self._actions.audition_bred(self._child(place))

    def _keep(self, place: int) -> None:
        if place == PARENT:
            self._actions.go_back()
            return
        self._actions.audition_bred(self._child(place))
        self._actions.keep()
        self._actions.ask_preset(self._take_parent)

    def _child(self, place: int) -> Preset:
        return self._children[place - (place > PARENT)]

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.alone)
        amount = QHBoxLayout()
        for widget in (_caption("near"), self.amount, _caption("far"), self.again):
            amount.addWidget(widget, 1 if widget is self.amount else 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.grid, 1)
        layout.addLayout(amount)
        layout.addWidget(self.family)


class _Picture:
    """Draws a sound's pad, and remembers it."""

    def __init__(self, preset: Preset, timbres: Sequence[Timbre]) -> None:
        self._preset, self._timbres = preset, timbres
        self._drawn: QPixmap | None = None

    def __call__(self, size: QSize) -> QPixmap:
        if self._drawn is None or self._drawn.size() != size:
            self._drawn = preset_picture(self._preset, self._timbres, size)
        return self._drawn


def _children(parent: Preset, mate: Preset | None, amount: float, seed: int) -> tuple[Preset, ...]:
    """Give eight: mutations alone; with a mate mixtures, swapped halves, and mutated mixtures."""
    if mate is None:
        return more_like(parent, N_CHILDREN, amount, seed)
    mixed = [mix(parent, mate, share) for share in (0.25, 0.5, 0.75)]
    lefts = {i for i, (x, _) in enumerate(places_of(parent.corners)) if x < 0.5}
    rights = set(range(len(parent.corners))) - lefts
    swapped = [swap_corners(parent, mate, half) for half in (lefts, rights)]
    mutants = [mutate(child, amount, seed + i) for i, child in enumerate(mixed)]
    return (*mixed, *swapped, *mutants)


def _caption(text: str = "") -> QLabel:
    caption = QLabel(text)
    caption.setProperty("role", "caption")
    caption.setMinimumWidth(1)
    return caption
