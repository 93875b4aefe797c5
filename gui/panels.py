"""The window's panels: made here, laid out, and given their share of the room."""

from pathlib import Path

from PySide6.QtCore import QRect, QSettings, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.matching.match_job import MatchJob
from gui.matching.match_panel import MatchPanel
from gui.pad.latent_pad import LatentPad
from gui.pad.place_label import PlaceLabel
from gui.presets.preset_actions import PresetActions
from gui.presets.preset_browser import PresetBrowser
from gui.presets.preset_dialogs import PresetDialogs
from gui.seeing.note_view import NoteView
from gui.seeing.spectrum_view import SpectrumView
from gui.training.train_page import TrainPage
from gui.training.training_job import TrainingJob
from gui.widgets import icons
from gui.widgets.keyboard import Keyboard
from gui.widgets.knob_panel import KnobPanel
from gui.widgets.meter import Meter
from gui.widgets.notice_bar import NoticeBar
from gui.widgets.theme import GAP, Theme
from gui.widgets.wheel import Wheel
from instrument import PresetLibrary

from .bridge import Bridge
from .hint_card import HintCard
from .status_line import StatusLine
from .top_bar import TopBar

SIDE_SHARE = 0.19  # of the window's width for the left panel; the right one has a little more
LOW = 680  # pixels of the height below which room is saved, so that all knobs stay in sight
LOW_NOTE = 58  # pixels of the note's picture then
NOTE_SHAPE = 0.9  # of the note's picture, height by width, at most
SPECTRUM_FROM_HEIGHT = 720  # a lower window has no room for it beside the knobs


class Panels(QWidget):
    """Sounds, pad, note and knobs, keys; above them the bar, below them the status."""

    def __init__(
        self,
        bridge: Bridge,
        library: PresetLibrary,
        actions: PresetActions,
        dialogs: PresetDialogs,
        theme: Theme,
        *,
        trainings: Path,
        settings: QSettings | None,
    ) -> None:
        """Make and lay out all of them.

        Args:
            bridge: To the instrument.
            library: The presets.
            actions: What can be done with presets.
            dialogs: What has to be asked about them.
            theme: The colours.
            trainings: Where trainings lie.
            settings: Where the record button keeps what it records; None keeps nothing.
        """
        super().__init__()
        self.setObjectName("body")
        self.top = TopBar(actions, theme, settings=settings)
        self.browser = PresetBrowser(actions, dialogs, theme)
        self.pad = LatentPad(theme)
        self.card = HintCard(theme, self.pad)
        self.match = MatchPanel(MatchJob(parent=self), theme, self.pad)
        self.place_label = PlaceLabel(theme)
        self.reroll_all = QPushButton("Re-roll all")
        self.reroll_all.setIcon(icons.icon("dice", theme.colour("text"), theme.colour("faint")))
        self.note_view = NoteView(theme)
        self.knobs = KnobPanel(theme)
        self.spectrum = SpectrumView(theme)
        self.meter = Meter(theme)
        self.bend = Wheel("bend", theme, lowest=-1.0, springs_back=True)
        self.mod = Wheel("mod", theme)
        self.keyboard = Keyboard(theme)
        self.status_line = StatusLine(theme)
        self.train = TrainPage(TrainingJob(trainings), bridge, library, theme)
        self._lay_out()
        self.notices = NoticeBar(theme, self)
        self.pad.covers = (self.card, self.notices)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the panels their share, and hang the cards anew."""
        super().resizeEvent(event)
        width, height = self.width(), self.height()
        self.left.setFixedWidth(min(max(round(SIDE_SHARE * width), 186), 380))
        self.right.setFixedWidth(min(max(round(1.14 * SIDE_SHARE * width), 250), 560))
        self.bottom.setFixedHeight(
            min(max(round((0.17 if height < LOW else 0.19) * height), 100), 300)
        )
        self.spectrum.setVisible(height >= SPECTRUM_FROM_HEIGHT)
        is_low = height < LOW
        self._knob_column.setSpacing(3 if is_low else 6)
        self._knob_column.setContentsMargins(12, 6 if is_low else 10, 12, 4 if is_low else 8)
        self.note_view.setMinimumHeight(LOW_NOTE if is_low else 84)
        tallest = LOW_NOTE if is_low else round(NOTE_SHAPE * self.right.width())
        self.note_view.setMaximumHeight(tallest)
        free = width - self.left.width() - self.right.width()
        self.notices.place_in(QRect(self.left.width(), self.top.height(), free, height))

    def _lay_out(self) -> None:
        self.left = _panel(_column(self.browser, margins=(10, 10, 8, 6)))
        right = self._knob_column = QVBoxLayout()
        right.addWidget(self.note_view, 1)
        right.addWidget(self.knobs, 3)
        right.addStretch(0)
        right.addWidget(self.spectrum)
        right.addWidget(self.meter)
        self.right = _panel(right)
        body = QHBoxLayout()
        body.setContentsMargins(0, 1, 0, 1)
        body.setSpacing(0)
        body.addWidget(self.left)
        body.addLayout(self._middle(), 1)
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
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.top)
        whole.addWidget(self.pages, 1)
        whole.addWidget(self.bottom)
        whole.addWidget(self.status_line)

    def _middle(self) -> QVBoxLayout:
        middle = QVBoxLayout()
        middle.setContentsMargins(12, 8, 12, 10)
        middle.setSpacing(6)
        middle.addLayout(_row(_caption("TIMBRE PAD"), self.place_label, None, self.reroll_all))
        middle.addWidget(self.pad, 1)
        return middle


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
