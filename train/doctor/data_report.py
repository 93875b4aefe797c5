"""What the doctor of data sets finds, as a record that a window can show."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from train.datasets.note_names import pitch_name

Verdict = Literal["ready", "usable with gaps", "not yet"]
State = Literal["good", "remark", "advice", "stop"]

_MARKS = {"good": "ok", "remark": "remark", "advice": "ADVICE", "stop": "FAULT"}
_BAR = 40
_NAMED = 5


class Finding(msgspec.Struct, frozen=True):
    """One thing about a data set.

    Attributes:
        subject: What was looked at, in a word or two.
        state: "good"; "remark" is worth knowing, "advice" worth doing, "stop" must be done.
        text: What was found, and what to do.
        names: Notes or files it is about, some of them.
    """

    subject: str
    state: State
    text: str
    names: tuple[str, ...] = ()


class Spread(msgspec.Struct, frozen=True):
    """Where a measure lies: in nine notes of ten between `low` and `high`."""

    low: float
    middle: float
    high: float


class InstrumentCoverage(msgspec.Struct, frozen=True):
    """One instrument.

    Attributes:
        name: Its name.
        family: NSynth's family.
        pitches: How many notes there are, by MIDI number.
    """

    name: str
    family: str
    pitches: dict[int, int]


class DataReport(msgspec.Struct, frozen=True):
    """What the doctor says of a data set.

    Attributes:
        folder: The data set.
        verdict: Whether to train on it.
        n_notes: Notes listed.
        n_measured: Notes whose sound was measured, spread over instruments and octaves.
        sample_rates: How many notes, by Hz.
        pitches: How many notes, by MIDI number.
        families: How many notes.
        sources: How many notes.
        velocities: How many notes.
        instruments: By family and name.
        measures: Measures of the sound: `level_db`, `peak_db`, `dc`, `noise_db`, `onset_seconds`,
            `cents`.
        findings: The worst first.
    """

    folder: str
    verdict: Verdict
    n_notes: int
    n_measured: int
    sample_rates: dict[int, int]
    pitches: dict[int, int]
    families: dict[str, int]
    sources: dict[str, int]
    velocities: dict[int, int]
    instruments: tuple[InstrumentCoverage, ...]
    measures: dict[str, Spread]
    findings: tuple[Finding, ...]


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """Give the verdict that follows from findings."""
    states = {finding.state for finding in findings}
    if "stop" in states:
        return "not yet"
    return "usable with gaps" if "advice" in states else "ready"


def report_lines(report: DataReport) -> Iterator[str]:
    """Give a report to be printed."""
    rates = ", ".join(f"{rate} Hz" for rate in report.sample_rates)
    yield (
        f"{report.folder}: {report.n_notes} notes of {len(report.instruments)} instruments at "
        f"{rates}; the sound of {report.n_measured} was measured."
    )
    for title, counts in (
        ("families", report.families),
        ("sources", report.sources),
        ("velocities", report.velocities),
    ):
        yield f"  {title:11} " + ", ".join(f"{name} {n}" for name, n in counts.items())
    yield from _pitch_lines(report.pitches)
    for name, spread in report.measures.items():
        yield f"  {name:13} {spread.middle:9.3g}   from {spread.low:.3g} to {spread.high:.3g}"
    for finding in report.findings:
        yield f"{_MARKS[finding.state]:7}{finding.subject}: {finding.text}"
        for name in finding.names[:_NAMED]:
            yield f"         {name}"
        if len(finding.names) > _NAMED:
            yield f"         and {len(finding.names) - _NAMED} more; --json names them"
    yield f"Verdict: {report.verdict}."


def _pitch_lines(pitches: dict[int, int]) -> Iterator[str]:
    octaves: dict[int, int] = {}
    for pitch, n in pitches.items():
        octaves[pitch // 12] = octaves.get(pitch // 12, 0) + n
    most = max(octaves.values())
    for octave, n in sorted(octaves.items()):
        first, last = pitch_name(12 * octave), pitch_name(12 * octave + 11)
        yield f"  {first + ' to ' + last:13} {n:7}  {'#' * round(_BAR * n / most)}".rstrip()
