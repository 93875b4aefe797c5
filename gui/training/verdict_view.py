"""What the doctor says of the notes: a word, the coverage, a line for each finding."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

from .coverage_view import CoverageView
from .training_files import Finding, Verdict

_COLOURS = {"ready": "good", "usable with gaps": "rendering", "not yet": "error"}
_WORDS = {
    "ready": "Ready to train on.",
    "usable with gaps": "Usable, with gaps.",
    "not yet": "Not yet: see to what is marked first.",
}
_MARKS = {"stop": ("✕", "error"), "advice": ("▲", "rendering"), "remark": ("·", "dim")}
_GOOD = ("✓", "good")
_NAMED = 3


class VerdictView(QWidget):
    """Shows a `Verdict`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.title = QLabel()
        self.title.setFont(themes.font(themes.TITLE_PIXELS, bold=True))
        self.coverage = CoverageView(theme)
        self.findings = QLabel()
        self.findings.setWordWrap(True)
        self.findings.setTextFormat(Qt.TextFormat.RichText)
        self.findings.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.findings.setAccessibleName("Findings")
        self.findings.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.findings)
        area.setAccessibleName("Findings")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.coverage)
        layout.addWidget(area, 1)

    def show_verdict(self, verdict: Verdict) -> None:
        """Show what was found, the worst first."""
        colour = getattr(self._theme, _COLOURS.get(verdict.verdict, "text"))
        self.title.setText(f"{verdict.n_notes} notes. {_WORDS.get(verdict.verdict, '')}".strip())
        self.title.setStyleSheet(f"color: {colour};")
        self.coverage.show_verdict(verdict)
        rows = "".join(self._row(finding) for finding in verdict.findings)
        self.findings.setText(f'<table cellspacing="0" cellpadding="3">{rows}</table>')

    def _row(self, finding: Finding) -> str:
        mark, name = _MARKS.get(finding.state, _GOOD)
        named = ", ".join(finding.names[:_NAMED])
        more = len(finding.names) - _NAMED
        what = f"{named} and {more} more" if more > 0 else named
        names = f' <span style="color: {self._theme.dim}">{_escape(what)}</span>' if what else ""
        return (
            f'<tr><td style="color: {getattr(self._theme, name)}">{mark}</td>'
            f"<td><b>{_escape(finding.subject)}</b>: {_escape(finding.text)}{names}</td></tr>"
        )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
