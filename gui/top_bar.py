"""The bar on top: the sound and what can be done with it, the timing, panic."""

from PySide6.QtCore import QPoint, QRectF, QSettings, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from gui.commands.commands import Commands
from gui.presets.preset_actions import PresetActions
from gui.seeing.timing_view import TimingView
from gui.widgets import icons
from gui.widgets import theme as themes
from gui.widgets.record_button import RecordButton
from gui.widgets.theme import Theme
from instrument import PresetEntry

HEIGHT = 48
WIDE = 1100  # pixels from which on all of the timing has room


class TopBar(QWidget):
    """Logo, undo, record; the preset; timing, train, settings, panic."""

    def __init__(
        self,
        actions: PresetActions,
        theme: Theme,
        parent: QWidget | None = None,
        settings: QSettings | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._actions, self._theme = actions, theme
        self._commands: Commands | None = None
        self.undo = self._button("undo", "Undo")
        self.redo = self._button("redo", "Redo")
        self.trail = self._button("trail", "Trail of sounds")
        self.record = RecordButton(theme, settings)
        self.previous = self._button("previous", "Previous preset")
        self.name = PresetName(theme)
        self.name.clicked.connect(self._open_menu)
        self.heart = self._button("heart", "Favourite")
        self.next = self._button("next", "Next preset")
        self.save = self._button("save", "Save preset")
        self.more = self._button("dots", "Preset menu")
        self.more.setToolTip("Save as, rename, delete, import, export")
        self.more.clicked.connect(self._open_menu)
        self.timing = TimingView(theme)
        self.train = self._button("train", "Train")
        self.train.setCheckable(True)
        self.settings = self._button("gear", "Settings")
        self.panic = QPushButton("Panic")
        self.panic.setObjectName("panic")
        actions.listed.connect(lambda _entries: self._show_about())
        actions.shelved.connect(self._show_about)
        actions.unsaved_kept.connect(lambda _name: self._show_about())
        self._lay_out()

    def use(self, commands: Commands) -> None:
        """Take the window's actions: the buttons do them, and say their keys."""
        self._commands = commands
        for button, name, words in (
            (self.undo, "undo", "Undo"),
            (self.redo, "redo", "Redo"),
            (self.trail, "trail", "The trail of your last sounds"),
            (self.previous, "previous", "Previous preset"),
            (self.next, "next", "Next preset"),
            (self.heart, "favourite", "Favourite"),
            (self.save, "save", "Save"),
            (self.settings, "settings_audio", "Sound, MIDI, model and keys"),
            (self.panic, "panic", "Silence everything at once"),
        ):
            commands.attach(button, name, words)
        commands.tip(self.train, "train", "Train a model on your recordings")
        commands.keys_changed.connect(lambda: self.record.show_keys(commands.keys("record")))
        self.record.show_keys(commands.keys("record"))
        self._show_about()

    def show_preset(self, name: str, *, is_changed: bool) -> None:
        """Show the name of the sound, and whether it has changed since it was opened."""
        self.name.show_name(name, is_changed=is_changed)
        self._show_about()

    def preset_menu(self) -> QMenu:
        """Make the menu of the present preset."""
        assert self._commands is not None
        self._show_about()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._commands.add_to(menu, "save", "save_as", "rename", "delete", "undelete", "revert")
        self._commands.add_to(menu, "favourite", "", "copy", "paste", "")
        self._commands.add_to(menu, "keep_keyboard", "forget_keyboard", "")
        self._commands.add_to(menu, "import", "export", "export_pack", "", "unsaved")
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say less of the timing in a narrow window."""
        super().resizeEvent(event)
        self.timing.show_all(self.width() >= WIDE)

    def _show_about(self) -> None:
        name = self._actions.name
        entry = next((entry for entry in self._actions.entries() if entry.name == name), None)
        words = " · ".join(entry.tags) if entry is not None else ""
        author = (entry.author or ("" if entry.is_factory else "you")) if entry is not None else ""
        self.name.show_about(" — ".join(filter(None, (words, author and f"by {author}"))))
        is_favourite = name in self._actions.favourites
        colour = self._theme.colour("accent" if is_favourite else "faint")
        self.heart.setIcon(icons.icon("heart", colour, self._theme.colour("faint")))
        self.heart.setAccessibleName("No favourite any more" if is_favourite else "Favourite")
        self._enable(entry)

    def _enable(self, entry: PresetEntry | None) -> None:
        """Let be done what can be done with the present preset, wherever it is asked for."""
        is_own = entry is not None and not entry.is_factory
        if self._commands is None:
            return
        actions, name = self._actions, self._actions.name
        for command, is_possible in (
            ("rename", is_own),
            ("delete", is_own),
            ("revert", is_own and actions.has_backup(name)),
            ("favourite", bool(name)),
            ("export", bool(name)),
            ("keep_keyboard", entry is not None),
            ("forget_keyboard", entry is not None),
            ("unsaved", bool(actions.unsaved_name)),
        ):
            self._commands.action(command).setEnabled(is_possible)

    def _open_menu(self) -> None:
        self.preset_menu().popup(self.name.mapToGlobal(QPoint(0, self.name.height() + 2)))

    def _button(self, sign: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "flat")
        colours = self._theme.colour("text"), self._theme.colour("faint")
        button.setIcon(icons.icon(sign, *colours))
        button.setIconSize(QSize(18, 18))
        button.setFixedSize(28, 30)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 10, 0)
        layout.setSpacing(1)
        layout.addWidget(Logo(self._theme))
        layout.addSpacing(4)
        for widget in (self.undo, self.redo, self.trail, self.record):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.previous)
        layout.addWidget(self.name, 5)
        for widget in (self.next, self.heart, self.save, self.more):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.timing)
        layout.addSpacing(4)
        for widget in (self.train, self.settings):
            layout.addWidget(widget)
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
        self._name, self._about, self._is_changed = "", "", False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(120)
        self.setMaximumWidth(360)
        self.setFixedHeight(38)
        self.show_name("", is_changed=False)

    def show_name(self, name: str, *, is_changed: bool) -> None:
        """Show a name and whether the sound has changed since it was opened."""
        self._name, self._is_changed = name or "Untitled", is_changed
        changed = ", changed" if is_changed else ""
        self.setAccessibleName(f"Preset {self._name}{changed}")
        self.setToolTip(f"{self._name}{changed}: open the preset menu")
        self.update()

    def show_about(self, words: str) -> None:
        """Show its tags and who made it, under the name."""
        if words != self._about:
            self._about = words
            self.setAccessibleDescription(words)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the field, the name, the dot and the line about it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_focus = self.hasFocus()
        painter.setPen(self._theme.colour("accent" if has_focus else "line"))
        painter.setBrush(self._theme.colour("hover" if self.underMouse() else "raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        font = themes.font(themes.TEXT_PIXELS, bold=True)
        metrics = QFontMetricsF(font)
        room = QRectF(self.rect()).adjusted(18, 3 if self._about else 0, -18, 0)
        if self._about:
            room.setHeight(18)
            self._paint_about(painter, room.translated(0, 16))
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

    def _paint_about(self, painter: QPainter, room: QRectF) -> None:
        font = themes.font(themes.SMALL_PIXELS)
        words = QFontMetricsF(font).elidedText(
            self._about, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.setFont(font)
        painter.setPen(self._theme.colour("dim"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
