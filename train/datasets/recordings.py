"""A folder of somebody's recordings to a data set."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Literal

from .instrument_names import FALLBACK_FAMILY, NamedBy, family_of, instrument_name
from .labels import Trust
from .note_names import NameLabels, Naming, parse_name
from .notes import FAMILIES, N_QUALITIES, DatasetError, Note, note_name, write_error
from .preparation import Destination, Fault, Journal, Progress, n_processes, no_progress
from .recording_file import OTHER_SOUND, READABLE
from .takes import Take, TakeNote, TakeNotes, TakeSettings, cut_take
from .workers import Workers, no_context

Source = Literal["acoustic", "electronic", "synthetic"]

SOURCES: tuple[Source, ...] = ("acoustic", "electronic", "synthetic")
_SAME_OCTAVES_SHARE = 0.8
_ENOUGH_FOR_ADVICE = 5
_FILES_A_PROCESS = 32


@dataclass(frozen=True)
class RecordingSettings:
    """How recordings are understood; work goes on only with the same.

    Attributes:
        sample_rate: Hz of the notes.
        trust: What counts when a name and a sound disagree about the pitch.
        middle_c: The octave of MIDI note 60 in the names.
        german: H is B natural and B is B flat.
        named_by: What names the instruments.
        family: NSynth's family of all instruments; None guesses from their names.
        source: NSynth's source of all instruments.
        velocity: Of notes whose name says none.
    """

    sample_rate: int = 32000
    trust: Trust = "name"
    middle_c: int = 4
    german: bool = False
    named_by: NamedBy = "auto"
    family: str | None = None
    source: Source = "acoustic"
    velocity: int = 100

    def __post_init__(self) -> None:
        if not 8000 <= self.sample_rate <= 192000:
            raise ValueError(f"sample_rate must be 8000..192000, not {self.sample_rate}")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"velocity must be 1..127, not {self.velocity}")
        if self.middle_c not in {3, 4, 5}:
            raise ValueError(f"middle_c must be 3, 4 or 5, not {self.middle_c}")
        for field, value, choices in (
            ("trust", self.trust, ("name", "sound", "neither")),
            ("named_by", self.named_by, ("auto", "folder", "file")),
            ("family", self.family, (None, *FAMILIES)),
            ("source", self.source, SOURCES),
        ):
            if value not in choices:
                names = ", ".join(str(choice) for choice in choices if choice)
                raise ValueError(f"{field} must be one of {names}, not {value}")


@dataclass(frozen=True)
class RecordingsReport:
    """What became of a folder of recordings.

    Attributes:
        n_files: Recordings found.
        n_notes: Notes in the data set.
        n_instruments: Instruments in the data set.
        faults: A line for each file that was left out or needs a word.
        advice: What may be wrong with all of them.
    """

    n_files: int
    n_notes: int
    n_instruments: int
    faults: tuple[Fault, ...]
    advice: tuple[str, ...]


@dataclass(frozen=True)
class _Settings:
    """All that decides the notes."""

    recordings: RecordingSettings
    files_sha256: str


@dataclass(frozen=True)
class _Recording:
    """A file, as its name describes it."""

    path: Path
    labels: NameLabels
    instrument: str


def prepare_recordings(
    source: Path,
    destination: Path,
    settings: RecordingSettings = RecordingSettings(),
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> RecordingsReport:
    """Make a data set of a folder of recordings, in NSynth's layout.

    Long recordings are cut into notes. Pitch and velocity come from the names of the files,
    else the pitch is heard. Work that was interrupted goes on when it is asked for again,
    and gives the same notes as work that was not.

    Args:
        source: The folder, with all in it.
        destination: An empty or new folder, or one with an unfinished data set.
        settings: How the recordings are understood.
        workers: Processes; 1 works in this one, None takes one a core.
        progress: Called in this process with files done, files in all and the last one's name.

    Raises:
        ValueError: If a number is out of range.
        DatasetError: If a folder cannot be used, the disk is full or no note was found.
    """
    n_workers = n_processes(workers)
    paths, other = _find(source, destination)
    naming = Naming(settings.middle_c, settings.german)
    recordings = [_describe(path, source, naming, settings.named_by) for path in paths]
    wanted = _Settings(settings, _identity(paths, source))
    with Destination(destination, wanted) as folder:
        results = _cut_all(folder, source, recordings, settings, n_workers, progress)
        rows = [
            _Row(recording, note, _origin(source, recording, result, note))
            for recording, result in zip(recordings, results, strict=True)
            for note in result.notes
        ]
        faults = [fault for result in results for fault in result.faults] + other
        if not rows:
            raise DatasetError(
                f"{source} gave no notes. "
                + (faults[0].text if faults else "Choose another folder.")
            )
        instruments, remarks = _name_instruments([row.recording for row in rows], settings)
        folder.finish(_file_notes(folder, rows, instruments, settings), faults)
    return RecordingsReport(
        n_files=len(paths),
        n_notes=len(rows),
        n_instruments=len(instruments),
        faults=(*faults, *remarks),
        advice=tuple(_advise(recordings, results, settings)),
    )


def _find(source: Path, destination: Path) -> tuple[list[Path], list[Fault]]:
    """List the recordings of a folder, and sound that cannot be read."""
    if not source.is_dir():
        raise DatasetError(f"There is no folder {source}. Give the folder of your recordings.")
    if destination.resolve().is_relative_to(source.resolve()):
        raise DatasetError(f"{destination} lies in {source}. Choose a folder beside it.")
    paths: list[Path] = []
    faults = []
    try:
        for folder, folders, files in os.walk(source, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            # Names with a dot in front are hidden; macOS leaves such beside each file.
            for path in (Path(folder, n) for n in sorted(files) if not n.startswith(".")):
                if path.suffix.lower() in READABLE:
                    paths.append(path)
                elif path.suffix.lower() in OTHER_SOUND:
                    text = f"{path} is of a format that cannot be read. Export it as WAV or FLAC."
                    faults.append(Fault(text, left_out=True))
    except OSError as error:
        raise DatasetError(f"Could not read {error.filename}: {error.strerror}.") from error
    if not paths:
        reason = faults[0].text if faults else f"Put {', '.join(sorted(READABLE))} files there."
        raise DatasetError(f"{source} holds no recordings. {reason}")
    return paths, faults


def _raise(error: OSError) -> None:
    raise error


def _describe(path: Path, source: Path, naming: Naming, named_by: NamedBy) -> _Recording:
    labels = parse_name(path.stem, naming)
    return _Recording(path, labels, instrument_name(path, source, labels, named_by))


def _identity(paths: Sequence[Path], source: Path) -> str:
    """Hash names, sizes and times, so that other recordings are not taken for the same."""
    digest = sha256()
    for path in paths:
        stat = path.stat()
        digest.update(f"{path.relative_to(source)}\n{stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _cut_all(
    folder: Destination,
    source: Path,
    recordings: Sequence[_Recording],
    settings: RecordingSettings,
    n_workers: int,
    progress: Progress,
) -> list[TakeNotes]:
    """Cut each recording, once over all starts."""
    journal = Journal(folder.partial / "takes.jsonl", TakeNotes)
    results = journal.read()
    progress(len(results), len(recordings), "")
    names = [str(recording.path.relative_to(source)) for recording in recordings]
    tasks = (
        (name, Take(recording.path, number, recording.labels, settings.velocity))
        for number, (name, recording) in enumerate(zip(names, recordings, strict=True))
        if name not in results
    )
    take_settings = TakeSettings(settings.sample_rate, settings.trust, settings.middle_c)
    # A process takes seconds to start.
    with Workers(min(n_workers, 1 + len(recordings) // _FILES_A_PROCESS), no_context) as pool:
        for name, result in pool.run(partial(_cut, take_settings, folder.partial), tasks):
            journal.append(name, result)
            results[name] = result
            progress(len(results), len(recordings), name)
    return [results[name] for name in names]


def _cut(settings: TakeSettings, folder: Path, _context: None, take: Take) -> TakeNotes:
    return cut_take(settings, folder, take)


@dataclass(frozen=True)
class _Row:
    """A note that is made, and where it is from."""

    recording: _Recording
    made: TakeNote
    origin: str


def _origin(source: Path, recording: _Recording, result: TakeNotes, note: TakeNote) -> str:
    """Say which part of which recording a note is."""
    path = str(recording.path.relative_to(source))
    return path if len(result.notes) == 1 else f"{path} at {note.start_seconds:g} s"


@dataclass(frozen=True)
class _Instrument:
    """An instrument's place in the data set."""

    number: int
    family: str
    name: str


def _name_instruments(
    recordings: Sequence[_Recording], settings: RecordingSettings
) -> tuple[dict[str, _Instrument], list[Fault]]:
    """Number the instruments that have notes, and name them by family, as NSynth does."""
    instruments: dict[str, _Instrument] = {}
    remarks = []
    counts: Counter[str] = Counter()
    for words in sorted({recording.instrument for recording in recordings}):
        family = settings.family or family_of(words)
        if family is None:
            family = FALLBACK_FAMILY
            text = (
                f'The family of "{words}" is not known from its name; it is in {family}. '
                "Another: --family."
            )
            remarks.append(Fault(text, left_out=False))
        name = f"{family}_{settings.source}_{counts[family]:03d}"
        instruments[words] = _Instrument(len(instruments), family, name)
        counts[family] += 1
    return instruments, remarks


def _file_notes(
    folder: Destination,
    rows: Sequence[_Row],
    instruments: dict[str, _Instrument],
    settings: RecordingSettings,
) -> Iterator[Note]:
    """Move each note to its place; those already there were moved by a former start."""
    takes: Counter[str] = Counter()
    for number, row in enumerate(rows):
        instrument, made = instruments[row.recording.instrument], row.made
        name = note_name(instrument.name, made.pitch, made.velocity)
        takes[name] += 1
        if takes[name] > 1:
            name = f"{name}-{takes[name]:02d}"
        target = folder.audio / f"{name}.wav"
        try:
            if not target.exists():
                (folder.partial / made.file).replace(target)
        except OSError as error:
            raise write_error(target, error) from error
        yield Note(
            note=number,
            note_str=name,
            instrument=instrument.number,
            instrument_str=instrument.name,
            pitch=made.pitch,
            velocity=made.velocity,
            sample_rate=settings.sample_rate,
            instrument_family=FAMILIES.index(instrument.family),
            instrument_family_str=instrument.family,
            instrument_source=SOURCES.index(settings.source),
            instrument_source_str=settings.source,
            qualities=(0,) * N_QUALITIES,
            qualities_str=(),
            preset_name=row.recording.instrument,
            level_db=made.level_db,
            recording=row.origin,
        )


def _advise(
    recordings: Sequence[_Recording], results: Sequence[TakeNotes], settings: RecordingSettings
) -> Iterator[str]:
    """Say what is wrong when nearly all names are off by the same octaves."""
    octaves = Counter(
        note.octaves
        for recording, result in zip(recordings, results, strict=True)
        if recording.labels.pitch is not None
        for note in result.notes
    )
    if octaves.total() >= _ENOUGH_FOR_ADVICE:
        [(off, n)] = octaves.most_common(1)
        if off and n >= _SAME_OCTAVES_SHARE * octaves.total():
            yield (
                f"{n} of {octaves.total()} notes sound {abs(off)} octave{'s'[: abs(off) - 1]} "
                f"{'above' if off > 0 else 'below'} their names. If the names count octaves from "
                f"another middle C, start again with: --middle-c C{settings.middle_c - off}"
            )
