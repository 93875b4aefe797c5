"""Every colour, text size and distance of the window, and the style sheet made from them."""

import functools
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

TEXT_PIXELS = 12
SMALL_PIXELS = 10
LARGE_PIXELS = 14
TITLE_PIXELS = 15
GAP = 8
TAB_GAP = 11  # between the tabs of a panel, where there is room
RADIUS = 6

FONTS = Path(__file__).parents[1] / "fonts"
_FAMILIES = ("Inter", "SF Pro Text", "Segoe UI", "Roboto", "Noto Sans", "Cantarell", "DejaVu Sans")


@dataclass(frozen=True)
class Theme:
    """The colours, by what they are for; each is "#rrggbb".

    Attributes:
        window: Behind everything.
        panel: The panels at the sides, above and below.
        raised: Fields and buttons on a panel.
        hover: A button under the mouse, a chosen row.
        line: Between panels, and the empty part of a knob.
        text: What is read.
        dim: Captions; at least 4.5:1 on a panel.
        faint: What may be overlooked.
        accent: The one colour of the player's own settings.
        on_accent: Text on the accent.
        fresh: A note that is as the pad asks for.
        rendering: A note that is being made.
        stale: A note of a former timbre.
        good: Nothing is wrong.
        error: Something is.
        white_key: A white key.
        black_key: A black key.
        key_text: On a white key.
        black_key_text: On a black key.
        screen_accent: Marks on the pictures of the note.
        screen: Behind the pictures of the note.
        is_dark: Whether light is on dark.
    """

    window: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    on_accent: str
    fresh: str
    rendering: str
    stale: str
    good: str
    error: str
    white_key: str
    black_key: str
    key_text: str
    black_key_text: str
    screen_accent: str
    screen: str
    is_dark: bool

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """Give one of the colours, `alpha` 0 (clear) to 1."""
        colour = QColor(getattr(self, name))
        colour.setAlphaF(alpha)
        return colour


DARK = Theme(
    window="#121317",
    panel="#191b21",
    raised="#23262e",
    hover="#2d313b",
    line="#2f333d",
    text="#eceef2",
    dim="#9aa0ac",
    faint="#6a707d",
    accent="#ffb450",
    on_accent="#201503",
    fresh="#3fc4dc",
    rendering="#f0a030",
    stale="#878d99",
    good="#6fd08c",
    error="#ff6b62",
    white_key="#e9eaee",
    black_key="#1b1d23",
    key_text="#666b74",
    black_key_text="#9aa0ac",
    screen_accent="#ffb450",
    screen="#0b0c0f",
    is_dark=True,
)

LIGHT = Theme(
    window="#e4e6ea",
    panel="#f3f4f6",
    raised="#ffffff",
    hover="#e2e5ea",
    line="#cdd1d8",
    text="#1b1e24",
    dim="#565c68",
    faint="#878d99",
    accent="#c26d00",
    on_accent="#ffffff",
    fresh="#0a8ea6",
    rendering="#b87300",
    stale="#8a909c",
    good="#1d8a43",
    error="#c9302c",
    white_key="#ffffff",
    black_key="#2a2d35",
    key_text="#666b74",
    black_key_text="#9aa0ac",
    screen_accent="#ffb450",
    screen="#14161b",
    is_dark=False,
)

THEMES = {"dark": DARK, "light": LIGHT}


@functools.cache
def font(pixels: int = TEXT_PIXELS, *, bold: bool = False) -> QFont:
    """Give the window's typeface in one of its sizes; not to be changed."""
    _load_fonts()
    there = set(QFontDatabase.families())
    made = QFont([family for family in _FAMILIES if family in there] or [QFont().family()])
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return made


@functools.cache
def _load_fonts() -> None:
    """Bring the typeface that comes along; without it one of the system's stands in."""
    for file in sorted(FONTS.glob("*.otf")):
        QFontDatabase.addApplicationFont(str(file))


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole application."""
    app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    roles = {
        QPalette.ColorRole.Window: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.raised,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.dim,
        QPalette.ColorRole.Link: theme.accent,
    }
    palette = QPalette()
    for role, name in roles.items():
        palette.setColor(role, QColor(name))
    disabled = QPalette.ColorGroup.Disabled
    for role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
        QPalette.ColorRole.WindowText,
    ):
        palette.setColor(disabled, role, QColor(theme.faint))
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
    QWidget {{ color: {theme.text}; }}
    QMainWindow, QWidget#body {{ background: {theme.window}; }}
    QWidget#panel, QDialog, QMessageBox {{ background: {theme.panel}; }}
    QLabel {{ background: transparent; }}
    QLabel[role="caption"] {{ color: {theme.dim}; font-size: {SMALL_PIXELS}px; }}
    QLabel[role="error"] {{ color: {theme.error}; }}
    QToolTip {{ background: {theme.raised}; color: {theme.text};
        border: 1px solid {theme.line}; padding: 4px 6px; }}

    QPushButton, QToolButton {{ background: {theme.raised}; border: 1px solid {theme.line};
        border-radius: {RADIUS}px; padding: 4px 12px; min-height: 18px; }}
    QPushButton:hover, QToolButton:hover {{ background: {theme.hover}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {theme.line}; }}
    QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QListView:focus
        {{ border: 1px solid {theme.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {theme.faint}; }}
    QPushButton:default {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; }}
    QPushButton:default:disabled {{ background: {theme.raised}; color: {theme.faint};
        border-color: {theme.line}; }}
    QToolButton[role="flat"] {{ background: transparent; border: 1px solid transparent;
        padding: 2px; }}
    QToolButton[role="flat"]:hover {{ background: {theme.hover}; }}
    QToolButton[role="flat"]:checked {{ background: {theme.line}; }}
    QToolButton[role="flat"]:focus {{ border: 1px solid {theme.accent}; }}
    QToolButton[role="word"] {{ background: transparent; border: 1px solid transparent;
        color: {theme.dim}; font-size: {SMALL_PIXELS}px; padding: 0 3px; min-height: 14px; }}
    QToolButton[role="word"]:hover {{ color: {theme.text}; }}
    QToolButton[role="word"]:focus {{ border: 1px solid {theme.accent}; }}
    QPushButton#trouble {{ background: {theme.rendering}; color: {theme.on_accent};
        border-color: {theme.rendering}; padding: 3px 8px; }}
    QPushButton#trouble:focus {{ border: 1px solid {theme.text}; }}
    QToolButton::menu-indicator {{ image: none; width: 0; }}
    QPushButton[role="tab"] {{ background: transparent; border: none; color: {theme.dim};
        border-bottom: 2px solid transparent; border-radius: 0; padding: 4px 0; }}
    QPushButton[role="tab"]:hover {{ color: {theme.text}; }}
    QPushButton[role="tab"]:checked {{ color: {theme.text};
        border-bottom: 2px solid {theme.accent}; }}
    QPushButton[role="tab"]:focus {{ color: {theme.accent}; }}
    QPushButton[role="choice"]:checked {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; }}
    QPushButton[role="choice"]:focus {{ border: 1px solid {theme.text}; }}
    QPushButton[role="chip"] {{ border-radius: 9px; padding: 1px 8px; min-height: 14px;
        font-size: {SMALL_PIXELS}px; color: {theme.dim}; }}
    QPushButton[role="chip"]:hover {{ color: {theme.text}; }}
    QPushButton[role="chip"]:checked {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; }}
    QPushButton[role="chip"]:focus {{ border: 1px solid {theme.text}; }}
    QPushButton#panic:hover {{ background: {theme.error}; color: {theme.on_accent};
        border-color: {theme.error}; }}

    QLineEdit, QComboBox {{ background: {theme.raised}; border: 1px solid {theme.line};
        border-radius: {RADIUS}px; padding: 4px 8px; min-height: 18px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QLineEdit QToolButton {{ background: transparent; border: none; padding: 0; min-height: 0; }}
    QComboBox::drop-down {{ border: none; width: 18px; }}
    QComboBox QAbstractItemView {{ background: {theme.raised}; border: 1px solid {theme.line};
        selection-background-color: {theme.hover}; selection-color: {theme.text};
        outline: none; padding: 4px; }}
    QListView {{ background: transparent; border: 1px solid transparent;
        border-radius: {RADIUS}px; outline: none; }}
    QListWidget {{ background: {theme.raised}; border: 1px solid {theme.line}; }}
    QListWidget::item {{ padding: 6px 8px; border-radius: 4px; }}
    QListWidget::item:selected {{ background: {theme.hover}; color: {theme.text}; }}

    QTreeView {{ background: {theme.raised}; border: 1px solid {theme.line};
        border-radius: {RADIUS}px; outline: none; }}
    QTreeView:focus {{ border: 1px solid {theme.accent}; }}
    QTreeView::item {{ padding: 5px 6px; }}
    QTreeView::item:selected {{ background: {theme.hover}; color: {theme.text}; }}
    QHeaderView::section {{ background: {theme.raised}; color: {theme.dim}; border: none;
        border-bottom: 1px solid {theme.line}; padding: 5px 6px; font-size: {SMALL_PIXELS}px; }}
    QDoubleSpinBox {{ background: {theme.raised}; border: 1px solid {theme.line};
        border-radius: {RADIUS}px; padding: 4px 0; min-height: 18px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QDoubleSpinBox:focus {{ border: 1px solid {theme.accent}; }}
    QDoubleSpinBox:disabled {{ color: {theme.faint}; }}
    QDoubleSpinBox QLineEdit {{ background: transparent; border: none; padding: 0 8px;
        min-height: 0; }}
    QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; height: 0; border: none; }}

    QSlider {{ min-height: 22px; }}
    QSlider::groove:horizontal {{ background: {theme.line}; height: 4px; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {theme.text}; width: 14px; height: 14px;
        margin: -5px 0; border-radius: 7px; }}
    QSlider::handle:horizontal:focus, QSlider::handle:horizontal:hover
        {{ background: {theme.accent}; }}
    QSlider::handle:horizontal:disabled {{ background: {theme.faint}; }}

    QProgressBar {{ background: {theme.raised}; border: none; border-radius: 3px;
        max-height: 6px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}

    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}

    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}

    QMenu {{ background: {theme.raised}; border: 1px solid {theme.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 22px 5px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {theme.hover}; }}
    QMenu::item:disabled {{ color: {theme.faint}; }}
    QMenu::separator {{ height: 1px; background: {theme.line}; margin: 4px 8px; }}

    QTabWidget::pane {{ border: none; border-top: 1px solid {theme.line}; }}
    QTabBar::tab {{ background: transparent; color: {theme.dim}; padding: 7px 14px;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom: 2px solid {theme.accent}; }}
    QTabBar::tab:hover {{ color: {theme.text}; }}
    QTabBar::tab:focus {{ color: {theme.accent}; }}

    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {theme.line}; border-radius: 3px; margin: 2px 2px;
        min-height: 28px; }}
    QScrollBar::handle:vertical:hover {{ background: {theme.faint}; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {theme.line}; border-radius: 3px; margin: 2px 2px;
        min-width: 28px; }}
    QScrollBar::handle:horizontal:hover {{ background: {theme.faint}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page
        {{ background: none; width: 0; height: 0; border: none; }}
    """
