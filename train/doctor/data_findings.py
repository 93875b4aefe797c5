"""Judgements about a data set: what its notes and their measures mean to who made it."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from train.datasets.note_names import pitch_name
from train.datasets.notes import Example
from train.datasets.pitch import HeardPitch, octaves_off

from .data_report import Finding, InstrumentCoverage, State
from .note_measures import DC_SHARE, LATE_SECONDS, NoteMeasures

LOWEST, HIGHEST = 24, 84
"""The pitches that models learn."""

N_PITCHES = HIGHEST - LOWEST + 1
WIDEST_STEP = 3
"""Semitones from one recorded pitch to the next that training bridges well."""

_FEWEST_NOTES = 24
_FEWEST_PITCHES = 8
_FEWEST_OF_INSTRUMENT = 5
_MOST_UNUSABLE = 0.2
_MANY = 0.02
_NOISY_DB = -30.0
_ALIKE_DB = 1.0
_NAMED = 100

Measured = Sequence[tuple[Example, NoteMeasures]]


def coverage_findings(
    examples: Sequence[Example], instruments: Sequence[InstrumentCoverage]
) -> Iterator[Finding]:
    """Say which pitches, rates and instruments are there and which are wanted."""
    rates = Counter(example.sample_rate for example in examples)
    if len(rates) > 1:
        counts = ", ".join(f"{n} at {rate} Hz" for rate, n in rates.most_common())
        text = f"{counts}. Training needs one rate: make the data set again with --sample-rate."
        yield Finding("sample rate", "stop", text)
    inside = sum(LOWEST <= example.pitch <= HIGHEST for example in examples)
    if inside < _FEWEST_NOTES:
        text = (
            f"only {inside} notes of the pitches {pitch_name(LOWEST)} to {pitch_name(HIGHEST)}. "
            f"Record at least {_FEWEST_NOTES}."
        )
        yield Finding("notes", "stop", text)
    if inside < len(examples):
        text = (
            f"{len(examples) - inside} notes lie outside {pitch_name(LOWEST)} to "
            f"{pitch_name(HIGHEST)}; training leaves them out."
        )
        yield Finding("range", "remark", text)
    yield _pitch_finding({example.pitch for example in examples})
    thin = [each.name for each in instruments if len(each.pitches) < _FEWEST_OF_INSTRUMENT]
    if thin:
        text = (
            f"{len(thin)} of {len(instruments)} have fewer than {_FEWEST_OF_INSTRUMENT} pitches. "
            "Record more of these, or the model guesses how they sound elsewhere."
        )
        yield Finding("instruments", "advice", text, tuple(thin[:_NAMED]))


def _pitch_finding(pitches: set[int]) -> Finding:
    there = sorted(pitch for pitch in pitches if LOWEST <= pitch <= HIGHEST)
    covered = f"{len(there)} of {N_PITCHES} pitches"
    wanted = pitches_to_record(there)
    if not wanted:
        return Finding(
            "pitches", "good", f"{covered}; no step is wider than {WIDEST_STEP} semitones."
        )
    names = ", ".join(map(pitch_name, wanted))
    text = (
        f"{covered}. Record these: {names}; then no step is wider than {WIDEST_STEP} semitones. "
        "What the instrument cannot play may stay out."
    )
    return Finding("pitches", "stop" if len(there) < _FEWEST_PITCHES else "advice", text)


def pitches_to_record(there: Sequence[int]) -> list[int]:
    """Choose as few pitches as leave no wide step from the lowest to the highest one learnt.

    Args:
        there: Those recorded, rising, within the range.
    """
    wanted = []
    last = LOWEST - 1
    for pitch in [*there, HIGHEST + 1]:
        while pitch - last > WIDEST_STEP:
            last += WIDEST_STEP
            wanted.append(last)
        last = pitch
    return wanted


def sound_findings(measured: Measured, missing: Sequence[Example]) -> Iterator[Finding]:
    """Say what is wrong with the sound of the notes."""
    n = len(measured)
    yield _unusable_finding(measured, missing)
    usable = usable_notes(measured)
    yield _share(
        "clipping",
        [e for e, m in usable if m.is_clipped],
        n,
        "are clipped",
        "Record them again with less gain.",
    )
    yield _share(
        "DC",
        [e for e, m in usable if m.dc > DC_SHARE],
        n,
        "have DC",
        "Make the data set again from the recordings, which takes it away.",
    )
    yield _share(
        "onset",
        [e for e, m in usable if m.onset_seconds > LATE_SECONDS],
        n,
        f"begin later than {LATE_SECONDS:g} s",
        "Cut off what is before the note.",
    )
    yield _share(
        "noise",
        [e for e, m in usable if m.noise_db > _NOISY_DB],
        n,
        f"have noise above {_NOISY_DB:.0f} dB, or are noisy by nature",
        "Listen to them; noise is learnt like everything else.",
        many=0.1,
    )


def usable_notes(measured: Measured) -> list[tuple[Example, NoteMeasures]]:
    """Give the notes with sound in them."""
    return [(e, m) for e, m in measured if not m.fault and not m.is_silent]


def _unusable_finding(measured: Measured, missing: Sequence[Example]) -> Finding:
    faults = [f"{example.path} is missing." for example in missing]
    faults += [m.fault for _, m in measured if m.fault]
    faults += [f"{e.path} is silent." for e, m in measured if not m.fault and m.is_silent]
    if not faults:
        return Finding("files", "good", "every one measured can be read and is no silence.")
    share = len(faults) / (len(measured) + len(missing))
    text = f"{len(faults)} cannot be used. Make the data set again, or remove them from it."
    # Training does not begin when one file is missing or damaged.
    broken = bool(missing) or any(m.fault for _, m in measured)
    state: State = "stop" if broken or share > _MOST_UNUSABLE else "advice"
    return Finding("files", state, text, tuple(faults[:_NAMED]))


def _share(
    subject: str,
    examples: Sequence[Example],
    n: int,
    are: str,
    what_to_do: str,
    many: float = _MANY,
) -> Finding:
    """Judge by how many notes something is the matter with."""
    if not examples:
        return Finding(subject, "good", f"none of {n}.")
    state: State = "advice" if len(examples) > many * n else "remark"
    names = tuple(map(_tell, examples[:_NAMED]))
    return Finding(subject, state, f"{len(examples)} of {n} {are}. {what_to_do}", names)


def pitch_label_findings(measured: Measured) -> Iterator[Finding]:
    """Say which notes do not sound as they are labelled."""
    octaves: list[str] = []
    others: list[str] = []
    n_heard = 0
    for example, measures in usable_notes(measured):
        if measures.heard is None:
            continue
        n_heard += 1
        heard = HeardPitch(measures.heard, 1.0)
        if abs(heard.midi - example.pitch) <= 0.5:
            continue
        line = (
            f"{_tell(example)} says {pitch_name(example.pitch)} and sounds "
            f"{pitch_name(round(heard.midi))}"
        )
        (octaves if octaves_off(heard, example.pitch) else others).append(line)
    if not octaves and not others:
        text = f"all {n_heard} with a clear pitch sound as they are labelled."
        yield Finding("pitch labels", "good", text)
    if others:
        share = len(others) / n_heard
        state: State = "stop" if share > _MOST_UNUSABLE else "advice" if share > _MANY else "remark"
        text = (
            f"{len(others)} of {n_heard} sound another note than their label. Listen; rename the "
            "recordings that are wrong and make the data set again. Bells may be right."
        )
        yield Finding("pitch labels", state, text, tuple(others[:_NAMED]))
    if octaves:
        state = "advice" if len(octaves) > _MOST_UNUSABLE * n_heard else "remark"
        text = (
            f"{len(octaves)} of {n_heard} sound octaves from their label. That is usual of organs; "
            "else the names may count octaves from another middle C (--middle-c)."
        )
        yield Finding("octaves", state, text, tuple(octaves[:_NAMED]))


def _tell(example: Example) -> str:
    """Name a note, and the recording that it was cut from."""
    return f"{example.note_str} ({example.recording})" if example.recording else example.note_str


def duplicate_findings(measured: Measured) -> Iterator[Finding]:
    """Say which notes are the same, or the same to the ear under two instruments' names."""
    usable = usable_notes(measured)
    first: dict[str, Example] = {}
    same: list[str] = []
    contradictory: list[str] = []
    for example, measures in usable:
        twin = first.setdefault(measures.digest, example)
        if twin is not example:
            line = f"{_tell(example)} is {_tell(twin)}"
            (same if twin.pitch == example.pitch else contradictory).append(line)
    if contradictory:
        text = (
            f"{len(contradictory)} notes have the samples of a note with another pitch. Remove the "
            "wrong one of each two."
        )
        yield Finding("duplicates", "advice", text, tuple(contradictory[:_NAMED]))
    if same:
        state: State = "advice" if len(same) > _MANY * len(usable) else "remark"
        text = f"{len(same)} of {len(usable)} have the samples of another. Remove one of each two."
        yield Finding("duplicates", state, text, tuple(same[:_NAMED]))
    alike = _alike(usable)
    if alike:
        text = (
            f"{len(alike)} of {len(usable)} sound nearly like a note of another instrument; they "
            "add little."
        )
        yield Finding("near duplicates", "remark", text, tuple(alike[:_NAMED]))
    if not (contradictory or same or alike):
        yield Finding("duplicates", "good", f"none of {len(usable)}.")


def _alike(usable: Measured) -> list[str]:
    """Name notes whose spectra through time differ by less than a dB from another's."""
    by_pitch: dict[int, list[tuple[Example, NoteMeasures]]] = {}
    for example, measures in usable:
        by_pitch.setdefault(example.pitch, []).append((example, measures))
    lines = []
    for notes in by_pitch.values():
        images = np.stack([np.frombuffer(m.likeness, np.int8) for _, m in notes]).astype(np.float32)
        for i in range(1, len(notes)):
            off = np.abs(images[:i] - images[i]).mean(axis=1)
            for j in np.flatnonzero(off < _ALIKE_DB):
                one, other = notes[i], notes[int(j)]
                twins = one[1].digest == other[1].digest
                if one[0].instrument_str != other[0].instrument_str and not twins:
                    lines.append(f"{one[0].note_str} is much like {other[0].note_str}")
                    break
    return lines
