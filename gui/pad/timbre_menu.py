"""A menu of the model's named timbres: by family, and by typing a part of the name."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget, QWidgetAction

from gui.widgets.timbre_colour import colour_of, features_of
from instrument import Timbre

MAXIMUM_FOUND = 14
DOT_PIXELS = 10


class TimbreMenu(QMenu):
    """Families as submenus; typing in the field on top lists what matches instead."""

    def __init__(
        self,
        title: str,
        timbres: Sequence[Timbre],
        choose: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent)
        self._timbres = timbres
        self._choose = choose
        self._found: list[QAction] = []
        self.field = _Field()
        self.field.setPlaceholderText("Search timbres")
        self.field.setAccessibleName("Search timbres")
        self.field.setMinimumWidth(190)
        self.field.textChanged.connect(self._search)
        self.field.returnPressed.connect(self._choose_first)
        holder = QWidgetAction(self)
        holder.setDefaultWidget(self.field)
        self.addAction(holder)
        self._families = [self._add_family(family) for family in _families(timbres)]
        if not timbres:
            self.addAction("No named timbres: roll the dice").setEnabled(False)
        self.aboutToShow.connect(self._prepare)

    def _prepare(self) -> None:
        self.field.clear()
        self.field.setFocus()

    def _add_family(self, family: str) -> QAction:
        menu = self.addMenu(family.capitalize())
        for timbre in self._timbres:
            if timbre.family == family:
                menu.addAction(self._action(timbre))
        return menu.menuAction()

    def _action(self, timbre: Timbre) -> QAction:
        action = QAction(timbre_icon(timbre), timbre.name, self)
        action.triggered.connect(lambda: self._choose(timbre.name))
        return action

    def _search(self, text: str) -> None:
        for action in self._found:
            self.removeAction(action)
        self._found = []
        words = text.casefold().split()
        for family in self._families:
            family.setVisible(not words)
        if words:
            matching = [t for t in self._timbres if matches(words, t.name, t.family)]
            self._found = [self._action(timbre) for timbre in matching[:MAXIMUM_FOUND]]
            self.addActions(self._found)
        self.adjustSize()

    def _choose_first(self) -> None:
        if self._found:
            self._found[0].trigger()
            self._close_all()

    def _close_all(self) -> None:
        menu: QWidget | None = self
        while isinstance(menu, QMenu):
            menu.close()
            menu = menu.parentWidget()


class _Field(QLineEdit):
    """A field inside a menu: the arrow keys go on to the menu."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)


def matches(words: Sequence[str], *texts: str) -> bool:
    """Say whether every word is somewhere in the texts; words are in lower case."""
    together = " ".join(texts).casefold()
    return all(word in together for word in words)


def timbre_icon(timbre: Timbre) -> QIcon:
    """Give a dot in the timbre's colour."""
    ratio = 3  # sharp up to a scale factor of three
    pixmap = QPixmap(QSize(DOT_PIXELS, DOT_PIXELS) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour_of(features_of(timbre)))
    painter.drawEllipse(0, 0, DOT_PIXELS, DOT_PIXELS)
    painter.end()
    return QIcon(pixmap)


def _families(timbres: Sequence[Timbre]) -> list[str]:
    return sorted({timbre.family for timbre in timbres})
