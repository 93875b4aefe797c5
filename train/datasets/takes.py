"""One recording to notes: cut, labelled, shaped and written."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from .cutting import Region, begin_softly, note_starts, sounding_regions
from .labels import Decision, Trust, decide_pitch
from .note_names import NameLabels
from .note_shape import NOTE_SECONDS, SILENCE_DB, shape_note
from .notes import write_wave
from .pitch import HeardPitch, hear_pitch, octaves_off
from .preparation import Fault
from .recording_file import RecordingError, Survey, read_part, survey

_LONGEST_READ_SECONDS = 60.0
# Sound that goes on is let go, sound that has ended only loses its last noise.
_LET_GO_SECONDS, _END_SECONDS = 0.25, 0.03


@dataclass(frozen=True)
class Take:
    """A recording, and what is known before it is heard.

    Attributes:
        path: The file.
        number: Its place among the recordings; the notes' files have it in their names.
        labels: What its name says.
        velocity: Of its notes, if the name says none.
    """

    path: Path
    number: int
    labels: NameLabels
    velocity: int


@dataclass(frozen=True)
class TakeSettings:
    """How recordings become notes.

    Attributes:
        sample_rate: Hz of the notes.
        trust: What counts when name and sound disagree.
        middle_c: The octave of MIDI note 60 in messages.
    """

    sample_rate: int
    trust: Trust
    middle_c: int


class TakeNote(msgspec.Struct, frozen=True, array_like=True):
    """A note on disk.

    Attributes:
        file: Its name in the folder for what is not finished.
        pitch: MIDI number.
        velocity: 1 to 127.
        level_db: Peak before normalisation, dB of full scale.
        octaves: How many octaves it sounds above its name.
        start_seconds: Where it begins in its recording.
    """

    file: str
    pitch: int
    velocity: int
    level_db: float
    octaves: int
    start_seconds: float


class TakeNotes(msgspec.Struct, frozen=True):
    """What a recording became."""

    notes: tuple[TakeNote, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class _Part:
    """Where one note is in a recording.

    Attributes:
        region: From where to where, seconds.
        goes_on: The sound does not end where the part does.
    """

    region: Region
    goes_on: bool


def cut_take(settings: TakeSettings, folder: Path, take: Take) -> TakeNotes:
    """Write the notes of one recording.

    Args:
        settings: How.
        folder: Where the notes go.
        take: The recording.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    notes: list[TakeNote] = []
    faults: list[Fault] = []
    remarks: list[Decision] = []
    try:
        seen = survey(take.path)
        if seen.is_clipped:
            faults.append(_clipped(take.path, seen))
        regions = sounding_regions(seen.level_db)
        if not regions:
            text = f"{take.path} is silent. Record it again, or remove it."
            faults.append(Fault(text, left_out=True))
        parts = _parts(take, regions)
        if len(regions) > 1:
            # The pitch in its name may only be the first of them.
            take = replace(take, labels=replace(take.labels, sure=False))
        for part in parts:
            file = f"{take.number:06d}-{len(notes):05d}.wav"
            note, decision = _make_note(settings, folder / file, take, part)
            if note:
                notes.append(note)
            if decision.remark:
                remarks.append(decision)
    except RecordingError as error:
        faults.append(Fault(str(error), left_out=True))
    return TakeNotes(tuple(notes), (*faults, *_summarise(take.path, remarks)))


def _make_note(
    settings: TakeSettings, path: Path, take: Take, part: _Part
) -> tuple[TakeNote | None, Decision]:
    """Write one note, unless it has no pitch or no sound."""
    wave, rate = read_part(take.path, part.region.start, part.region.end)
    wave = begin_softly(wave, rate)
    heard = hear_pitch(wave, rate)
    decision = decide_pitch(take.labels, heard, settings.trust, settings.middle_c)
    if decision.pitch is None:
        return None, decision
    fade_seconds = _LET_GO_SECONDS if part.goes_on else _END_SECONDS
    shaped, level_db = shape_note(wave, rate, settings.sample_rate, fade_seconds)
    if level_db < SILENCE_DB:
        return None, decision
    write_wave(path, shaped, settings.sample_rate)
    note = TakeNote(
        file=path.name,
        pitch=decision.pitch,
        velocity=take.labels.velocity or take.velocity,
        level_db=round(level_db, 2),
        octaves=_octaves(take, heard),
        start_seconds=round(part.region.start, 2),
    )
    return note, decision


def _clipped(path: Path, seen: Survey) -> Fault:
    return Fault(
        f"{path} is clipped ({seen.n_clipped} samples); it is used all the same. Record it again "
        "with less gain.",
        left_out=False,
    )


def _octaves(take: Take, heard: HeardPitch | None) -> int:
    if heard is None or take.labels.pitch is None:
        return 0
    return octaves_off(heard, take.labels.pitch)


def _summarise(path: Path, remarks: Sequence[Decision]) -> Iterator[Fault]:
    """Say what is the matter with the notes of a file in one line, not in a line a note."""
    if remarks:
        n_more = len(remarks) - 1
        more = f" ({n_more} more of its notes are like that)" if n_more else ""
        left_out = any(decision.pitch is None for decision in remarks)
        yield Fault(f"{path} {remarks[0].remark}{more}.", left_out)


# Where the notes are


def _parts(take: Take, regions: Sequence[Region]) -> Iterator[_Part]:
    """Say where the notes of a recording are.

    Sound without a pause is one note where the file's name gives its pitch; else its notes
    are looked for.
    """
    for region in regions:
        if take.labels.pitch is not None and take.labels.sure:
            yield _part(region.start, region.end, ends=True)
        else:
            yield from _legato(take.path, region)


def _part(start: float, end: float, *, ends: bool) -> _Part:
    """Make a part of at most four seconds of what goes from start to end."""
    last = start + NOTE_SECONDS
    return _Part(Region(start, min(end, last)), goes_on=end > last or not ends)


def _legato(path: Path, region: Region) -> Iterator[_Part]:
    """Find the notes in sound without a pause, a minute of it in memory."""
    start, is_begin = region.start, True
    while start < region.end:
        end = min(start + _LONGEST_READ_SECONDS, region.end)
        starts = [start + s for s in note_starts(*read_part(path, start, end))]
        edges = [*starts, end]
        to_yield = list(itertools.pairwise(edges))
        if end < region.end and len(starts) > 1:
            to_yield.pop()  # the minute's last note goes on in the next one
        for i, (first, last) in enumerate(to_yield):
            if i or is_begin:
                yield _part(first, last, ends=last == region.end)
        is_begin = len(starts) > 1  # else the next minute begins amid a long note
        start = end if end == region.end or len(starts) == 1 else starts[-1]
