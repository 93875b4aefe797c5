"""Figures as files."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DPI = 80


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    FigureCanvasAgg(figure)
    figure.savefig(partial, format="png", dpi=_DPI)
    partial.replace(path)
