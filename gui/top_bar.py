"""The bar on top: the sound and what can be done with it, the timing, panic."""

from PySide6.QtCore import QPoint, QRectF, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from . import icons
from . import theme as themes
from .preset_actions import PresetActions
from .preset_dialogs import PresetDialogs
from .record_button import RecordButton
from .theme import Theme
from .timing_view import TimingView

HEIGHT = 48


class TopBar(QWidget):
    """Logo, preset, timing, record, settings, panic."""

    panicked = Signal()
    settings_wanted = Signal()

    def __init__(
        self,
        actions: PresetActions,
        dialogs: PresetDialogs,
        theme: Theme,
        parent: QWidget | None = None,
        settings: QSettings | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._actions, self._dialogs, self._theme = actions, dialogs, theme
        self.previous = self._button("previous", "Previous preset", "Previous preset (Ctrl+Up)")
        self.previous.clicked.connect(lambda: actions.open_neighbour(-1))
        self.name = PresetName(theme)
        self.name.clicked.connect(self._open_menu)
        self.next = self._button("next", "Next preset", "Next preset (Ctrl+Down)")
        self.next.clicked.connect(lambda: actions.open_neighbour(1))
        self.save = self._button("save", "Save preset", "Save (Ctrl+S)")
        self.save.clicked.connect(dialogs.save)
        self.more = self._button("dots", "Preset menu", "Save as, rename, delete, import, export")
        self.more.clicked.connect(self._open_menu)
        self.timing = TimingView(theme)
        self.record = RecordButton(theme, settings)
        self.train = self._button("train", "Train", "Train a model on your recordings (Ctrl+T)")
        self.train.setCheckable(True)
        self.settings = self._button("gear", "Settings", "Audio, MIDI and model settings (Ctrl+,)")
        self.settings.clicked.connect(self.settings_wanted)
        self.panic = QPushButton("Panic")
        self.panic.setObjectName("panic")
        self.panic.setToolTip("Silence everything at once (Ctrl+.)")
        self.panic.clicked.connect(self.panicked)
        self._lay_out()

    def preset_menu(self) -> QMenu:
        """Make the menu of the present preset."""
        actions, dialogs, name = self._actions, self._dialogs, self._actions.name
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Save", dialogs.save)
        menu.addAction("Save as…", dialogs.save_as)
        is_own = bool(name) and not actions.is_factory(name)
        menu.addAction("Rename…", lambda: dialogs.rename(name)).setEnabled(is_own)
        menu.addAction("Delete…", lambda: dialogs.delete(name)).setEnabled(is_own)
        menu.addAction("Bring back the last deleted", actions.undelete)
        is_favourite = name in actions.favourites
        menu.addAction(
            "No favourite any more" if is_favourite else "Favourite",
            lambda: actions.toggle_favourite(name),
        ).setEnabled(bool(name))
        menu.addSeparator()
        menu.addAction("Copy as text", actions.copy_text)
        menu.addAction("Paste a sound's text", actions.paste_text)
        menu.addSeparator()
        menu.addAction("Import…", dialogs.import_files)
        menu.addAction("Export…", lambda: dialogs.export_file(name)).setEnabled(bool(name))
        menu.addAction("Export yours as a pack…", dialogs.export_pack)
        if actions.unsaved_name:
            menu.addSeparator()
            menu.addAction(f"Back to unsaved “{actions.unsaved_name}”", actions.open_unsaved)
        return menu

    def _open_menu(self) -> None:
        self.preset_menu().popup(self.name.mapToGlobal(QPoint(0, self.name.height() + 2)))

    def _button(self, sign: str, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "flat")
        colours = self._theme.colour("text"), self._theme.colour("faint")
        button.setIcon(icons.icon(sign, *colours))
        button.setIconSize(QSize(18, 18))
        button.setFixedSize(30, 30)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 10, 0)
        layout.setSpacing(2)
        layout.addWidget(Logo(self._theme))
        layout.addStretch(1)
        for widget in (self.previous, self.name, self.next):
            layout.addWidget(widget, 4 if widget is self.name else 0)
        for widget in (self.save, self.more):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.timing)
        layout.addSpacing(4)
        layout.addWidget(self.record)
        layout.addWidget(self.train)
        layout.addWidget(self.settings)
        layout.addSpacing(4)
        layout.addWidget(self.panic)


class Logo(QWidget):
    """The name, half of it in the accent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._font = themes.font(themes.TITLE_PIXELS, bold=True)
        metrics = QFontMetricsF(self._font)
        self._split = metrics.horizontalAdvance("timbre")
        self.setFixedSize(round(metrics.horizontalAdvance("timbrepad")) + 4, 30)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw both halves."""
        painter = QPainter(self)
        painter.setFont(self._font)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(self._theme.colour("text"))
        painter.drawText(QRectF(self.rect()), flags, "timbre")
        painter.setPen(self._theme.colour("accent"))
        painter.drawText(QRectF(self.rect()).adjusted(self._split, 0, 0, 0), flags, "pad")
        painter.end()


class PresetName(QAbstractButton):
    """The name of the sound, with a dot when it is not as on disk."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._name, self._is_changed = "", False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(110)
        self.setMaximumWidth(340)
        self.setFixedHeight(34)
        self.show_name("", is_changed=False)

    def show_name(self, name: str, *, is_changed: bool) -> None:
        """Show a name and whether the sound has changed since it was opened."""
        self._name, self._is_changed = name or "Untitled", is_changed
        changed = ", changed" if is_changed else ""
        self.setAccessibleName(f"Preset {self._name}{changed}")
        self.setToolTip(f"{self._name}{changed}: open the preset menu")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the field, the name and the dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_focus = self.hasFocus()
        painter.setPen(self._theme.colour("accent" if has_focus else "line"))
        painter.setBrush(self._theme.colour("hover" if self.underMouse() else "raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        font = themes.font(themes.TEXT_PIXELS, bold=True)
        metrics = QFontMetricsF(font)
        room = QRectF(self.rect()).adjusted(18, 0, -18, 0)
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, room.width())
        painter.setFont(font)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)
        if self._is_changed:
            right = room.center().x() + metrics.horizontalAdvance(name) / 2 + 9
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawEllipse(QRectF(right - 3, room.center().y() - 3, 6, 6))
        painter.end()
