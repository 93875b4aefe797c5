"""A picture of which pitches of which instruments a data set has."""

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from train.datasets.note_names import pitch_name
from train.datasets.notes import write_bytes

from .data_findings import HIGHEST, LOWEST, pitches_to_record
from .data_report import DataReport, InstrumentCoverage

_MOST_ROWS = 48
_DPI = 100
_MOST_NOTES = 5  # more of a pitch are as dark as these

_PAPER, _INK, _GAP = "#ffffff", "#1d3b4f", "#d1495b"
_SHADES = ListedColormap(["#eef1f3", "#b9cfdb", "#86adc3", "#5689a6", "#316684", _INK])


def draw_coverage(report: DataReport, path: Path) -> None:
    """Draw the notes of a data set by pitch and instrument; writes a PNG, whole or not at all.

    With more instruments than can be read their families are drawn.

    Raises:
        DatasetError: If the file cannot be written.
    """
    rows = _rows(report.instruments)
    figure = Figure(figsize=(12.0, 2.9 + 0.22 * len(rows)), layout="constrained", facecolor=_PAPER)
    heights = [1.2, 0.22 * len(rows) + 0.3]
    counts, grid = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    _draw_counts(counts, report)
    _draw_grid(grid, rows)
    rates = ", ".join(f"{rate / 1000:g} kHz" for rate in report.sample_rates)
    figure.suptitle(
        f"{report.n_notes} notes, {len(report.instruments)} instruments, {rates}: {report.verdict}",
        color=_INK,
    )
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    write_bytes(path, content.getbuffer())


def _rows(instruments: Sequence[InstrumentCoverage]) -> list[tuple[str, dict[int, float]]]:
    """Give the rows: instruments; or families, with what one of them has, when there are many."""
    if len(instruments) <= _MOST_ROWS:
        return [(each.name, {**each.pitches}) for each in instruments]
    members = Counter(each.family for each in instruments)
    notes: dict[str, Counter[int]] = {family: Counter() for family in members}
    for each in instruments:
        notes[each.family].update(each.pitches)
    return [
        (f"{family} ({n})", {pitch: count / n for pitch, count in notes[family].items()})
        for family, n in members.items()
    ]


def _draw_counts(axis: Axes, report: DataReport) -> None:
    """Draw a bar a pitch, and a mark where one should be recorded."""
    axis.bar(list(report.pitches), list(report.pitches.values()), width=0.9, color=_INK)
    there = [pitch for pitch in report.pitches if LOWEST <= pitch <= HIGHEST]
    wanted = pitches_to_record(there)
    if wanted:
        axis.plot(wanted, [0] * len(wanted), "^", color=_GAP, clip_on=False, label="record these")
        axis.legend(loc="upper right", frameon=False)
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel("notes")
    axis.spines[["top", "right"]].set_visible(False)
    for edge in (LOWEST - 0.5, HIGHEST + 0.5):
        axis.axvline(edge, color=_GAP, linewidth=0.8, linestyle=":")


def _draw_grid(axis: Axes, rows: Sequence[tuple[str, dict[int, float]]]) -> None:
    low = min(LOWEST, *(min(pitches) for _, pitches in rows))
    high = max(HIGHEST, *(max(pitches) for _, pitches in rows))
    table = np.array(
        [[pitches.get(pitch, 0) for pitch in range(low, high + 1)] for _, pitches in rows]
    )
    image = axis.pcolormesh(
        np.arange(low, high + 2) - 0.5,
        np.arange(len(rows) + 1) - 0.5,
        np.minimum(np.ceil(table), _MOST_NOTES),
        cmap=_SHADES,
        vmin=-0.5,
        vmax=_MOST_NOTES + 0.5,
        edgecolors=_PAPER,
        linewidth=0.4,
    )
    axis.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=8)
    axis.invert_yaxis()
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
    axis.set_xticks(octaves, [f"{pitch_name(pitch)}\n{pitch}" for pitch in octaves])
    axis.set_xlim(low - 0.5, high + 0.5)
    axis.tick_params(length=0)
    for edge in (LOWEST - 0.5, HIGHEST + 0.5):
        axis.axvline(edge, color=_GAP, linewidth=0.8, linestyle=":")
    bar = axis.figure.colorbar(image, ax=axis, ticks=range(_MOST_NOTES + 1), pad=0.01, aspect=12)
    bar.ax.set_yticklabels([*map(str, range(_MOST_NOTES)), f"{_MOST_NOTES}+"])
    bar.set_label("notes of one instrument")
