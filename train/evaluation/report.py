"""The report of an evaluation: as data, as JSON, as a table."""

from dataclasses import dataclass

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table

from .classifier import Accuracy
from .figures import Figure, format_figure, format_number
from .texture_figures import FamilyTexture


@dataclass(frozen=True)
class ClassifierFigures:
    """Which classifier judged, and how good it is itself.

    Attributes:
        hash: Its identity; only figures of the same classifier can be compared.
        sample_rate: Hz at which it looks at notes.
        n_learned: Notes that it learned.
        new_notes: Its accuracy on notes that neither it nor the generator heard.
        new_instruments: Its accuracy on instruments that it never heard.
    """

    hash: str
    sample_rate: int
    n_learned: int
    new_notes: Accuracy | None
    new_instruments: Accuracy | None


@dataclass(frozen=True)
class EvaluationReport:
    """All figures of one evaluation.

    Attributes:
        model: The model's name.
        model_hash: Its identity.
        data: The folder of the real notes.
        seed: Of everything random.
        pitches: The lowest and the highest MIDI number asked for.
        pitch_estimator: What heard the pitches, and its settings.
        classifier: Who judged.
        figures: By name, in the order in which they are shown.
        families: Texture by family; "all" alone for a model that knows no timbre of the data.
        remarks: What could not be said, and why.
    """

    model: str
    model_hash: str
    data: str
    seed: int
    pitches: tuple[int, int]
    pitch_estimator: str
    classifier: ClassifierFigures
    figures: dict[str, Figure]
    families: dict[str, FamilyTexture]
    remarks: list[str]


def report_json(report: EvaluationReport) -> bytes:
    """Write a report as indented JSON, UTF-8."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def report_table(report: EvaluationReport) -> RenderableType:
    """Lay a report out for a terminal."""
    parts: list[RenderableType] = [_figures_table(report), _families_table(report)]
    parts += [*report.remarks, *notes_on(report)]
    return Group(*parts)


def notes_on(report: EvaluationReport) -> list[str]:
    """Say in sentences by whom the figures are."""
    judge = report.classifier
    lines = []
    for tested, what in (
        (judge.new_notes, "new notes"),
        (judge.new_instruments, "notes of new instruments"),
    ):
        if tested is not None:
            lines.append(
                f"The classifier names the pitch of {tested.pitch:.1%} and the family of "
                f"{tested.family:.1%} of {tested.n_notes} {what}."
            )
    return [
        *lines,
        f"Classifier {judge.hash[:12]}, trained on {judge.n_learned} notes at "
        f"{judge.sample_rate} Hz.",
        f"Pitches {report.pitches[0]} to {report.pitches[1]}, by {report.pitch_estimator}.",
    ]


def interval_text(interval: tuple[float, float] | None) -> str:
    """Write a confidence interval, or nothing."""
    return "" if interval is None else f" ({'..'.join(map(format_number, interval))})"


MARKS = {True: "yes", False: "no", None: ""}


def _figures_table(report: EvaluationReport) -> Table:
    table = Table(title=f"{report.model} on {report.data}")
    table.add_column("figure")
    for heading in ("n", "generated", "real"):
        table.add_column(heading, justify="right")
    table.add_column("goal")
    table.add_column("reached")
    for figure in report.figures.values():
        table.add_row(
            figure.title,
            str(figure.n_notes),
            format_figure(figure.value, figure.unit) + interval_text(figure.interval),
            format_figure(figure.real, figure.unit) + interval_text(figure.real_interval),
            figure.goal,
            MARKS[figure.reached],
        )
    return table


def _families_table(report: EvaluationReport) -> Table:
    table = Table(title="Texture by family, generated / real")
    table.add_column("family")
    for heading in ("n", "flux", "jitter, dB", "vibrato, cents", "within 25 %"):
        table.add_column(heading, justify="right")
    for family, row in report.families.items():
        ours, theirs = row.generated, row.real
        table.add_row(
            family,
            str(row.n_notes),
            f"{ours.flux:.2f} / {theirs.flux:.2f}",
            f"{ours.jitter_db:.2f} / {theirs.jitter_db:.2f}",
            f"{ours.vibrato_cents:.1f} / {theirs.vibrato_cents:.1f}",
            MARKS[row.alive],
        )
    return table
