"""NSynth's download to a data set: the notes that some filters take."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
import soundfile
import soxr

from .notes import DatasetError, Note, write_bytes, write_wave
from .nsynth_download import Part, find_parts, own_split
from .nsynth_filter import SPLIT_LIST, Census, Filters, drawn_split, read_splits
from .preparation import Destination, Fault, Journal, Progress, n_processes, no_progress
from .workers import Workers, no_context

NSYNTH_RATE = 16000
NSYNTH_SAMPLES = 64000
_CHUNK = 64
_NAMED_MISSING = 20


@dataclass(frozen=True)
class Selection:
    """The notes that will be taken, before anything is made.

    Attributes:
        parts: The parts of the download, each with the notes to take of it, by name.
        census: How they came to be these.
        faults: What is wrong with the lists.
    """

    parts: tuple[tuple[Part, dict[str, Note]], ...]
    census: Census
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class NSynthReport:
    """What became of a download.

    Attributes:
        n_notes: Notes in the data set.
        faults: A line for each file that was left out or needs a word.
    """

    n_notes: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class _Settings:
    """All that decides the notes."""

    filters: Filters
    sample_rate: int
    notes_sha256: str


class _Chunk(msgspec.Struct, frozen=True):
    """Notes that are done: those on disk, and a line for each that cannot be."""

    names: tuple[str, ...]
    bad: tuple[tuple[str, str], ...]


def select_notes(source: Path, filters: Filters, splits: Path | None = None) -> Selection:
    """Read the lists of a download, and choose the notes.

    Args:
        source: The folder with the three parts, or one part, unpacked or as an archive.
        filters: Which notes to take.
        splits: The paper's list of its split; None takes the one beside the download, if any.

    Raises:
        DatasetError: If there is no NSynth, or no note passes; it names the filter.
    """
    parts = find_parts(source)
    if splits is None:
        beside = (source if source.is_dir() else source.parent) / SPLIT_LIST
        splits = beside if beside.is_file() else None
    papers = read_splits(splits) if splits else None
    census = Census(filters, has_list=papers is not None)
    chosen, faults = [], []
    for part in parts:
        notes, wrong = part.read_notes()
        faults += wrong
        taken = {}
        for name, note in notes.items():
            if filters.split_of == "nsynth":
                split = own_split(part)
            else:
                split = papers.get(name) if papers is not None else drawn_split(name)
            if census.take(note, split):
                taken[name] = note
        chosen.append((part, taken))
    census.check()
    return Selection(tuple(chosen), census, tuple(faults))


def prepare_nsynth(
    selection: Selection,
    destination: Path,
    *,
    sample_rate: int = NSYNTH_RATE,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> NSynthReport:
    """Make a data set of chosen notes of NSynth.

    Their samples stay as they are; at another rate they are resampled. Work that was
    interrupted goes on when it is asked for again.

    Args:
        selection: The notes.
        destination: An empty or new folder, or one with an unfinished data set.
        sample_rate: Hz, 8000 to 192000.
        workers: Processes; 1 works in this one, None takes one a core.
        progress: Called in this process with notes done, notes in all and the part.

    Raises:
        ValueError: If a number is out of range.
        DatasetError: If the folder cannot be used, the disk is full or no WAV is there.
    """
    if not 8000 <= sample_rate <= 192000:
        raise ValueError(f"sample_rate must be 8000..192000, not {sample_rate}")
    n_workers = n_processes(workers)
    names = sorted(name for _, notes in selection.parts for name in notes)
    digest = sha256("\n".join(names).encode()).hexdigest()
    settings = _Settings(selection.census.filters, sample_rate, digest)
    with Destination(destination, settings) as folder:
        journal = Journal(folder.partial / "notes.jsonl", _Chunk)
        chunks = list(journal.read().values())
        done = {name for chunk in chunks for name in _names(chunk)}
        faults = list(selection.faults)
        convert = partial(_convert, sample_rate, folder.audio)
        with Workers(n_workers, no_context) as pool:
            for part, notes in selection.parts:
                progress(len(done), len(names), part.name)
                waves = _Waves(part, notes.keys() - done)
                for key, chunk in pool.run(convert, waves.chunks()):
                    journal.append(key, chunk)
                    chunks.append(chunk)
                    done.update(_names(chunk))
                    progress(len(done), len(names), part.name)
                faults += waves.faults
                faults += _missing(part, sorted(notes.keys() - done))
        faults += [Fault(text, left_out=True) for chunk in chunks for _, text in chunk.bad]
        made = {name for chunk in chunks for name in chunk.names}
        if not made:
            raise DatasetError(f"No note could be read. {faults[0].text if faults else ''}".strip())
        rows = (
            replace(note, sample_rate=sample_rate)
            for _, notes in selection.parts
            for name, note in notes.items()
            if name in made
        )
        folder.finish(rows, faults)
    return NSynthReport(len(made), tuple(faults))


def _names(chunk: _Chunk) -> Iterator[str]:
    yield from chunk.names
    for name, _ in chunk.bad:
        yield name


class _Waves:
    """The WAVs of a part that are still to do, some at a time.

    Attributes:
        faults: What went wrong with the part, once all chunks were taken.
    """

    def __init__(self, part: Part, names: set[str]) -> None:
        self._part = part
        self._names = names
        self.faults: list[Fault] = []

    def chunks(self) -> Iterator[tuple[str, list[tuple[str, Path | bytes]]]]:
        """Give the WAVs some at a time, under the name of the first."""
        chunk: list[tuple[str, Path | bytes]] = []
        try:
            for wave in self._part.waves(self._names) if self._names else ():
                chunk.append(wave)
                if len(chunk) == _CHUNK:
                    yield chunk[0][0], chunk
                    chunk = []
        except DatasetError as error:
            self.faults.append(Fault(str(error), left_out=True))
        if chunk:
            yield chunk[0][0], chunk


def _convert(
    sample_rate: int, audio: Path, _context: None, waves: list[tuple[str, Path | bytes]]
) -> _Chunk:
    """Write some notes."""
    names, bad = [], []
    for name, source in waves:
        target = audio / f"{name}.wav"
        try:
            content = source.read_bytes() if isinstance(source, Path) else source
            wave, rate = soundfile.read(io.BytesIO(content), dtype="float32")
        except (OSError, soundfile.SoundFileError):
            bad.append((name, f"{_tell(name, source)} cannot be read. Download NSynth again."))
            continue
        if wave.shape != (NSYNTH_SAMPLES,) or rate != NSYNTH_RATE:
            bad.append(
                (
                    name,
                    f"{_tell(name, source)} is not 4 s at 16 kHz, perhaps cut short. "
                    "Download NSynth again.",
                )
            )
            continue
        if sample_rate == NSYNTH_RATE:
            write_bytes(target, content)
        else:
            write_wave(target, soxr.resample(wave, rate, sample_rate, "VHQ"), sample_rate)
        names.append(name)
    return _Chunk(tuple(names), tuple(bad))


def _tell(name: str, source: Path | bytes) -> str:
    return str(source) if isinstance(source, Path) else f"{name}.wav"


def _missing(part: Part, names: list[str]) -> Iterator[Fault]:
    """Name the WAVs that a list has and a part has not; many of them in a line."""
    for name in names[:_NAMED_MISSING]:
        text = f"{part.path}: {name}.wav is missing. Download it again."
        yield Fault(text, left_out=True)
    more = len(names) - _NAMED_MISSING
    if more > 0:
        text = f"{part.path}: {more} more WAVs are missing. Download it again."
        yield Fault(text, left_out=True)
