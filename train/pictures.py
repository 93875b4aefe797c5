"""Pictures of an evaluation: timbres real and generated side by side, and the coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .metrics import FLOOR_DB, log_mel_distance

_COLUMNS = 4
_POOLED = (32, 16)
_DPI = 80

Kind = Literal["real", "generated", "drawn"]


@dataclass(frozen=True)
class Comparison:
    """One timbre, twice.

    Attributes:
        name: The timbre's.
        pitch: MIDI number of both notes.
        held_out: Whether the model never heard the real note.
        real: float32 [mel, time], dB.
        generated: Likewise.
    """

    name: str
    pitch: int
    held_out: bool
    real: NDArray[np.float32]
    generated: NDArray[np.float32]


@dataclass(frozen=True)
class CoveragePoint:
    """One note's place among the others.

    Attributes:
        kind: Where it comes from.
        name: The timbre's, or "".
        features: float32 [feature], its log-mel specgram made coarse.
    """

    kind: Kind
    name: str
    features: NDArray[np.float32]

    @classmethod
    def of(cls, mel: NDArray[np.float32], kind: Kind, name: str) -> Self:
        """Take a note's log-mel specgram: float32 [mel, time], dB."""
        rows, columns = _POOLED
        floored = np.maximum(mel, FLOOR_DB)
        n_mels, n_times = floored.shape[0] // rows * rows, floored.shape[1] // columns * columns
        if not n_mels or not n_times:
            raise ValueError(f"mel must be at least {_POOLED}, not {mel.shape}")
        blocks = floored[:n_mels, :n_times].reshape(rows, n_mels // rows, columns, -1)
        return cls(kind, name, blocks.mean(axis=(1, 3)).ravel())


def draw_comparisons(comparisons: Sequence[Comparison], path: Path) -> None:
    """Draw log-mel specgrams in pairs, real on the left; writes a PNG, whole or not at all."""
    n_rows = max(1, -(-len(comparisons) // _COLUMNS))
    figure = Figure(figsize=(5 * _COLUMNS, 2.6 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, 2 * _COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for i, comparison in enumerate(comparisons):
        off = log_mel_distance(comparison.generated, comparison.real)
        title = f"{comparison.name} {comparison.pitch}{'*' if comparison.held_out else ''}"
        _show(axes[2 * i], comparison.real, f"{title} real")
        _show(axes[2 * i + 1], comparison.generated, f"generated, {off:.1f} dB off")
    figure.suptitle("Log-mel, 80 dB, 4 s, real on the left; * the model never heard this pitch")
    save_figure(figure, path)


def _show(axis: Axes, mel: NDArray[np.float32], title: str) -> None:
    axis.imshow(mel, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR_DB, vmax=0.0)
    axis.set_title(title, fontsize=8)


def draw_coverage(points: Sequence[CoveragePoint], path: Path) -> None:
    """Draw notes by the two main axes of the real ones, each timbre joined to its real note.

    Writes a PNG, whole or not at all.
    """
    figure = Figure(figsize=(12, 9), layout="constrained")
    axis = figure.subplots()
    if points:
        places = principal_places(points)
        real = {p.name: xy for p, xy in zip(points, places, strict=True) if p.kind == "real"}
        for point, xy in zip(points, places, strict=True):
            if point.kind == "generated" and point.name in real:
                axis.plot(*zip(real[point.name], xy, strict=True), color="0.7", linewidth=0.8)
        for kind, colour, marker in (
            ("drawn", "tab:orange", "."),
            ("real", "black", "o"),
            ("generated", "tab:blue", "x"),
        ):
            chosen = [xy for p, xy in zip(points, places, strict=True) if p.kind == kind]
            if chosen:
                x, y = zip(*chosen, strict=True)
                axis.scatter(x, y, c=colour, marker=marker, label=f"{kind} ({len(chosen)})")
        for name, xy in real.items():
            axis.annotate(name, xy, fontsize=6, alpha=0.7)
        axis.legend()
    axis.set_title("Notes at middle C by the two main axes of the real notes' log-mel specgrams")
    save_figure(figure, path)


def principal_places(points: Sequence[CoveragePoint]) -> NDArray[np.float64]:
    """Project notes on the two main axes of the real ones: float64 [point, 2].

    Without three real notes the axes are those of all.
    """
    features = np.stack([point.features for point in points]).astype(np.float64)
    real = features[[point.kind == "real" for point in points]]
    basis = real if len(real) > 2 else features
    mean = basis.mean(axis=0)
    _, _, axes = np.linalg.svd(basis - mean, full_matrices=False)
    places = (features - mean) @ axes[:2].T
    return np.pad(places, [(0, 0), (0, 2 - places.shape[1])])


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    FigureCanvasAgg(figure)
    figure.savefig(partial, format="png", dpi=_DPI)
    partial.replace(path)
