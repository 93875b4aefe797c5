"""A list of sounds, each with its picture, its name and a line about it; with headings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.widgets import icons
from gui.widgets import theme as themes
from gui.widgets.theme import Theme

Index = QModelIndex | QPersistentModelIndex

ROW_HEIGHT = 40
HEADING_HEIGHT = 26
PICTURE = QSize(44, 28)


@dataclass(frozen=True)
class Row:
    """A sound, or a heading when it has no picture.

    Attributes:
        name: As shown; also what the row is known by.
        about: The second line.
        picture: Draws the picture of a size in device pixels; None makes a heading.
        problem: Why it can't be used; "" when it can.
        is_favourite: Whether a heart stands at its end.
    """

    name: str
    about: str = ""
    picture: Callable[[QSize], QPixmap] | None = None
    problem: str = ""
    is_favourite: bool = False

    @property
    def is_heading(self) -> bool:
        """Whether the row only heads those below it."""
        return self.picture is None


class SoundModel(QAbstractListModel):
    """The rows, for Qt."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()
        self.mime: Callable[[str], QMimeData] | None = None

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, _parent: Index | None = None) -> int:
        """Count the rows."""
        return len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give a row's texts."""
        row = self.rows[index.row()]
        texts = {
            Qt.ItemDataRole.DisplayRole: row.name,
            Qt.ItemDataRole.AccessibleTextRole: ", ".join(
                filter(None, (row.name, row.about, row.problem, "favourite" * row.is_favourite))
            ),
            Qt.ItemDataRole.ToolTipRole: row.problem or row.about,
            Qt.ItemDataRole.UserRole: row,
        }
        return texts.get(Qt.ItemDataRole(role))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Leave headings out of what can be chosen."""
        if self.rows[index.row()].is_heading:
            return Qt.ItemFlag.ItemIsEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDragEnabled if self.mime else flags

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Pack the row that is dragged."""
        assert self.mime is not None
        return self.mime(self.rows[indexes[0].row()].name)


class SoundList(QListView):
    """The list itself; `chosen` on Enter or a double click, `tried` on the space bar or a click."""

    chosen = Signal(str)
    tried = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sounds = SoundModel(self)
        self.setModel(self._sounds)
        self._painter = _Delegate(theme, self)
        self.setItemDelegate(self._painter)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.activated.connect(self._choose)
        self.clicked.connect(self._try)

    def allow_drag(self, mime: Callable[[str], QMimeData]) -> None:
        """Let rows be dragged away, packed by `mime`."""
        self._sounds.mime = mime
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace all rows; what was chosen stays chosen."""
        name, offset = self.current_name(), self.verticalScrollBar().value()
        self._painter.forget_pictures()
        self._sounds.show_rows(rows)
        self.select(name)
        self.verticalScrollBar().setValue(offset)

    def names(self) -> list[str]:
        """Give the names in the list, without headings."""
        return [row.name for row in self._sounds.rows if not row.is_heading]

    def current_name(self) -> str:
        """Give the name of the chosen row; "" for none."""
        index = self.currentIndex()
        return self._sounds.rows[index.row()].name if index.isValid() else ""

    def select(self, name: str) -> None:
        """Choose a row by its name, without acting on it."""
        for place, row in enumerate(self._sounds.rows):
            if row.name == name and not row.is_heading:
                self.setCurrentIndex(self._sounds.index(place))
                return

    def rect_of(self, name: str) -> QRect:
        """Give where a row is."""
        places = [i for i, row in enumerate(self._sounds.rows) if row.name == name]
        return self.visualRect(self._sounds.index(places[-1])) if places else QRect()

    def name_at(self, position: object) -> str:
        """Give the name of the row at a place; "" for none."""
        index = self.indexAt(position)  # type: ignore[arg-type]
        if not index.isValid() or self._sounds.rows[index.row()].is_heading:
            return ""
        return self._sounds.rows[index.row()].name

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose on Enter on every system, try on the space bar."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
        elif event.key() == Qt.Key.Key_Space:
            self._try(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and not self._sounds.rows[index.row()].is_heading:
            self.chosen.emit(self._sounds.rows[index.row()].name)

    def _try(self, index: QModelIndex) -> None:
        if index.isValid() and not self._sounds.rows[index.row()].is_heading:
            self.tried.emit(self._sounds.rows[index.row()].name)


class _Delegate(QStyledItemDelegate):
    """Draws the rows; keeps their pictures."""

    def __init__(self, theme: Theme, view: SoundList) -> None:
        super().__init__(view)
        self._theme = theme
        self._pictures: dict[str, QPixmap] = {}

    def forget_pictures(self) -> None:
        """Draw every picture anew: there are other rows now."""
        self._pictures.clear()

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give headings less room."""
        row = index.data(Qt.ItemDataRole.UserRole)
        return QSize(100, HEADING_HEIGHT if row.is_heading else ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        row = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.is_heading:
            painter.setFont(themes.font(themes.SMALL_PIXELS))
            painter.setPen(self._theme.colour("dim"))
            flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
            painter.drawText(rect.adjusted(8, 0, -4, -5), flags, row.name.upper())
        else:
            self._paint_back(painter, option, rect)
            self._paint_sound(painter, row, rect)
        painter.restore()

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        state = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("hover" if is_chosen else "raised"))
            painter.drawRoundedRect(rect.adjusted(0, 1, -2, -1), themes.RADIUS, themes.RADIUS)

    def _paint_sound(self, painter: QPainter, row: Row, rect: QRect) -> None:
        place = QRect(rect.left() + 7, rect.center().y() - PICTURE.height() // 2 + 1, 44, 28)
        painter.drawPixmap(place, self._picture(row, painter.device().devicePixelRatio()))
        text = rect.adjusted(60, 4, -26 if row.is_favourite else -8, -4)
        if row.is_favourite:
            heart = QRectF(rect.right() - 22, rect.center().y() - 6, 13, 13)
            icons.draw(painter, "heart", heart, self._theme.colour("accent"), is_filled=True)
        upper = QRect(text.left(), text.top(), text.width(), 17)
        lower = QRect(text.left(), text.top() + 17, text.width(), 14)
        lines = (
            (upper, themes.font(), row.name, "faint" if row.problem else "text"),
            (lower, themes.font(themes.SMALL_PIXELS), row.problem or row.about, "dim"),
        )
        for line, font, words, name in lines:
            painter.setFont(font)
            painter.setPen(self._theme.colour("error" if row.problem and line is lower else name))
            elided = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, elided)

    def _picture(self, row: Row, ratio: float) -> QPixmap:
        picture = self._pictures.get(row.name)
        if picture is None or picture.devicePixelRatio() != ratio:
            assert row.picture is not None
            picture = row.picture(PICTURE * ratio)
            picture.setDevicePixelRatio(ratio)
            self._pictures[row.name] = picture
        return picture

    def editorEvent(self, _e: QEvent, _m: object, _o: object, _i: object) -> bool:
        """Never edit in place."""
        return False
