"""The doctor of data sets: looks over the notes before anybody trains on them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from train.datasets.notes import Example, list_examples
from train.datasets.preparation import Progress, n_processes, no_progress
from train.datasets.sampling import spread
from train.datasets.workers import Workers, no_context

from .data_findings import (
    Measured,
    coverage_findings,
    duplicate_findings,
    pitch_label_findings,
    sound_findings,
    usable_notes,
)
from .data_report import DataReport, InstrumentCoverage, Spread, verdict_of
from .note_measures import NoteMeasures, measure_note

N_MEASURED = 1000
_CHUNK = 16
_WORST_FIRST = ("stop", "advice", "remark", "good")

Value = TypeVar("Value", int, str)


def examine_data(
    folder: Path,
    *,
    n_notes: int | None = N_MEASURED,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> DataReport:
    """Look over a data set.

    All notes are counted; the sound of some is measured, as many of each instrument and
    octave as of any other.

    Args:
        folder: In NSynth's layout; WAVs may be missing or damaged.
        n_notes: How many to measure; None measures all.
        workers: Processes; 1 works in this one, None takes one a core.
        progress: Called in this process with notes done, notes in all and "".

    Raises:
        ValueError: If a number is out of range.
        DatasetError: If the folder is no data set.
    """
    if n_notes is not None and n_notes < 1:
        raise ValueError(f"n_notes must be 1 or more, not {n_notes}")
    examples, missing = list_examples(folder)
    chosen = examples
    if n_notes is not None and n_notes < len(examples):
        chosen = spread(examples, lambda e: (e.instrument_str, e.pitch // 12), n_notes)
    measured = _measure(chosen, n_processes(workers), progress)
    everything = examples + missing
    instruments = _instruments(everything)
    findings = [
        *coverage_findings(everything, instruments),
        *sound_findings(measured, missing),
        *pitch_label_findings(measured),
        *duplicate_findings(measured),
    ]
    findings.sort(key=lambda finding: _WORST_FIRST.index(finding.state))
    return DataReport(
        folder=str(folder),
        verdict=verdict_of(tuple(findings)),
        n_notes=len(everything),
        n_measured=len(measured),
        sample_rates=_count(e.sample_rate for e in everything),
        pitches=_count(e.pitch for e in everything),
        families=_count(e.instrument_family_str for e in everything),
        sources=_count(e.instrument_source_str for e in everything),
        velocities=_count(e.velocity for e in everything),
        instruments=instruments,
        measures=_measures(measured),
        findings=tuple(findings),
    )


def _measure(
    examples: Sequence[Example], n_workers: int, progress: Progress
) -> list[tuple[Example, NoteMeasures]]:
    """Measure notes, in their order."""
    measures: dict[str, list[NoteMeasures]] = {}
    chunks = {
        f"{start}": examples[start : start + _CHUNK] for start in range(0, len(examples), _CHUNK)
    }
    done = 0
    # A process takes seconds to start, so a few notes are measured in this one.
    with Workers(n_workers if len(chunks) > n_workers else 1, no_context) as pool:
        for key, chunk in pool.run(_measure_chunk, chunks.items()):
            measures[key] = chunk
            done += len(chunk)
            progress(done, len(examples), "")
    in_order = [each for key in chunks for each in measures[key]]
    return list(zip(examples, in_order, strict=True))


def _measure_chunk(_context: None, examples: Sequence[Example]) -> list[NoteMeasures]:
    return [measure_note(example) for example in examples]


def _instruments(examples: Iterable[Example]) -> tuple[InstrumentCoverage, ...]:
    """Count the notes of each instrument by pitch."""
    counts: dict[tuple[str, str, str], Counter[int]] = {}
    for example in examples:
        name = example.preset_name or example.instrument_str
        key = (example.instrument_family_str, name, example.instrument_str)
        counts.setdefault(key, Counter())[example.pitch] += 1
    return tuple(
        InstrumentCoverage(name, family, dict(sorted(pitches.items())))
        for (family, name, _), pitches in sorted(counts.items())
    )


def _count(values: Iterable[Value]) -> dict[Value, int]:
    return dict(sorted(Counter(values).items()))


def _measures(measured: Measured) -> dict[str, Spread]:
    """Say where the measures of the usable notes lie."""
    usable = usable_notes(measured)
    cents = [
        100.0 * (m.heard - e.pitch)
        for e, m in usable
        if m.heard is not None and abs(m.heard - e.pitch) <= 0.5
    ]
    columns = {
        "level_db": [e.level_db for e, _ in usable if e.level_db is not None],
        "peak_db": [m.peak_db for _, m in usable],
        "dc": [m.dc for _, m in usable],
        "noise_db": [m.noise_db for _, m in usable],
        "onset_seconds": [m.onset_seconds for _, m in usable],
        "cents": cents,
    }
    return {
        name: Spread(*(round(float(x), 4) for x in np.percentile(column, [5, 50, 95])))
        for name, column in columns.items()
        if column
    }
