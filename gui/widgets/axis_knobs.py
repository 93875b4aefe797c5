"""The knobs of the model's measured axes: how far every timbre is moved along them."""

from collections.abc import Mapping

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from instrument import AXES, ModelInfo, TimbreAxis

from .knob import Knob

GROUP = "timbre axes"
NEAR_NOTHING = 0.3  # a correlation below says hardly more than chance


class AxisKnobs:
    """A row of knobs and a caption; for a model without axes, a line that says what to do.

    Attributes:
        head: The caption, and the line.
        row: The knobs.
    """

    def __init__(self, knobs: Mapping[str, Knob]) -> None:
        """Lay out the knobs.

        Args:
            knobs: By parameter, those of `AXES`.
        """
        self._knobs = {name: knobs[name] for name in AXES}
        self.head, self.row = QWidget(), QGridLayout()
        self.source = _caption("measured")
        self.advice = _caption("")
        self.advice.setWordWrap(True)
        line = QHBoxLayout()
        line.addWidget(_caption(GROUP.upper()))
        line.addStretch(1)
        line.addWidget(self.source)
        layout = QVBoxLayout(self.head)
        layout.setContentsMargins(0, 3, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.advice)
        self.row.setSpacing(0)
        for place, knob in enumerate(self._knobs.values()):
            self.row.addWidget(knob, 0, place)
            self.row.setColumnStretch(place, 1)
        self._show_axes((), "")

    def show_model(self, model: ModelInfo) -> None:
        """Show the knobs of the axes that a model has."""
        self._show_axes(
            model.axes,
            f'"{model.name}" has no measured axes. To find them: '
            f'timbrepad models measure "{model.name}"',
        )

    def _show_axes(self, axes: tuple[TimbreAxis, ...], advice: str) -> None:
        known = {axis.name: axis for axis in axes}
        has_any = any(name in known for name in AXES.values())
        for name, knob in self._knobs.items():
            axis = known.get(AXES[name])
            knob.setVisible(axis is not None)
            knob.show_detail(_detail(axis) if axis is not None else "")
        self.head.setVisible(has_any or bool(advice))
        self.source.setVisible(has_any)
        self.advice.setVisible(not has_any and bool(advice))
        self.advice.setText(advice)


def _detail(axis: TimbreAxis) -> str:
    trust = "" if axis.correlation >= NEAR_NOTHING else ": hardly more than chance"
    return (
        f"From {axis.low} to {axis.high}, in standard deviations; every point moves.\n"
        f"Measured: correlation {axis.correlation:.2f} on timbres it was not fitted to{trust}; "
        f"{axis.agreement:.0%} of notes follow."
    )


def _caption(text: str) -> QLabel:
    caption = QLabel(text)
    caption.setProperty("role", "caption")
    return caption
