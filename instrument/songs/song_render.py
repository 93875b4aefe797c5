"""A song in parts from beginning to end: each part recorded, the stems, the mix."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import soundfile

from instrument.engine.engine import Engine
from instrument.notes.offline_notes import NoteSource, OnwardSource
from instrument.presets.preset import Preset
from instrument.storage.file_names import file_name, reason_of
from instrument.storage.folder import MARK, whole_folder
from instrument.values.status import ModelInfo, Timbre
from instrument.values.tuning import Tuning

from .arranging import arrange
from .mixdown import PART_FORMAT, Frames, sum_of, write_mix
from .offline import Encoding, WaveError, perform, wave_file
from .offline_player import PresetPlayer
from .song_parts import SongPart

N_CHANNELS = 2


class ModelNotes(NoteSource, Protocol):
    """A `NoteSource` that says whose notes they are, and what held ones go on with, if anything."""

    onward: OnwardSource | None
    model: ModelInfo
    timbres: tuple[Timbre, ...]


@dataclass(frozen=True)
class Mixdown:
    """Where a song goes, and how.

    Attributes:
        out: The mix: a WAV, or a FLAC by its name.
        encoding: Of mix and stems.
        stems: Folder for each part by itself; None makes none.
        replace_stems: Whether such a folder of a former render may go.
        peak_db: Where the mix's loudest sample shall be; None leaves the level.
    """

    out: Path
    encoding: Encoding = "PCM_24"
    stems: Path | None = None
    replace_stems: bool = False
    peak_db: float | None = None


def render_song(
    parts: Sequence[SongPart],
    notes: ModelNotes,
    to: Mixdown,
    sample_rate: int,
    *,
    preset_of_program: Callable[[int, int], Preset] | None = None,
    tuning: Tuning | None = None,
    progress: Callable[[float, float, str], None] = lambda *_: None,
) -> float:
    """Play a song's parts one after the other, and write mix and stems; whole or not at all.

    The stems are what is added up: their sum is the mix before its limiter and its `peak_db`.

    Args:
        parts: From `split_song`, or one of all channels.
        notes: Makes the notes of all parts.
        to: Where it goes.
        sample_rate: In Hz.
        preset_of_program: As in `PresetPlayer`.
        tuning: As in `PresetPlayer`.
        progress: Told what is done, the whole, and which part it is.

    Returns:
        How long the mix is, in seconds.

    Raises:
        WaveError: If the mix can't be written.
        FolderError: If the stems can't.
        RendererError: If a note can't be made.
    """
    seconds = [max(part.events[-1].time_seconds, 1e-3) for part in parts]
    recorded = []
    with ExitStack() as stack:
        write = stack.enter_context(wave_file(to.out, sample_rate, encoding=to.encoding))
        stems = to.stems and stack.enter_context(whole_folder(to.stems, replace=to.replace_stems))
        folder = Path(stack.enter_context(_scratch(to.out)))
        for number, part in enumerate(parts):
            player = PresetPlayer(
                part.preset, notes.model, notes.timbres, preset_of_program, tuning=tuning
            )
            path = folder / f"{number}.w64"
            _record(
                part,
                player,
                notes,
                path,
                sample_rate,
                _counting_from(sum(seconds[:number]), sum(seconds), part.name, progress),
            )
            recorded.append(path)
        n_frames = max(soundfile.info(path).frames for path in recorded)
        if stems:
            _write_stems(parts, recorded, n_frames, stems, sample_rate, to)
        write_mix(recorded, sample_rate, write, to.peak_db)
    return n_frames / sample_rate


def _counting_from(
    done: float, whole: float, name: str, progress: Callable[[float, float, str], None]
) -> Callable[[float], None]:
    """Give what one part tells its progress to."""
    return lambda seconds: progress(done + seconds, whole, name)


@contextmanager
def _scratch(out: Path) -> Iterator[str]:
    """Give a folder beside the mix, where there must be room anyway."""
    try:
        with TemporaryDirectory(prefix=".", suffix=".part", dir=out.parent) as folder:
            yield folder
    except OSError as error:
        raise WaveError(f'Could not write "{out}": {reason_of(error)}.') from error


def _record(
    part: SongPart,
    player: PresetPlayer,
    notes: ModelNotes,
    path: Path,
    sample_rate: int,
    progress: Callable[[float], None],
) -> None:
    pitches = range(notes.model.lowest_pitch, notes.model.highest_pitch + 1)
    moments = arrange(part.events, player, pitches, goes_on=notes.onward is not None)
    engine = Engine(sample_rate, notes.pool)
    with soundfile.SoundFile(path, "w", sample_rate, N_CHANNELS, **PART_FORMAT) as file:
        perform(moments, notes, engine, sample_rate, file.write, progress, onward=notes.onward)


def _write_stems(
    parts: Sequence[SongPart],
    recorded: Sequence[Path],
    n_frames: int,
    folder: Path,
    sample_rate: int,
    to: Mixdown,
) -> None:
    """Write each part by itself, all of one length, so that they lie side by side anywhere."""
    for part, path in zip(parts, recorded, strict=True):
        stem = folder / file_name(part.name, to.out.suffix.lower() or ".wav")
        with wave_file(stem, sample_rate, encoding=to.encoding) as write:
            for chunk in _lengthened(sum_of([path]), n_frames):
                write(chunk)
    mark = {"format": "stems", "parts": [part.name for part in parts]}
    (folder / MARK).write_text(json.dumps(mark, indent=2) + "\n", "utf-8")


def _lengthened(chunks: Iterator[Frames], n_frames: int) -> Iterator[Frames]:
    """Give chunks, and silence behind them up to a length."""
    n_given = 0
    for chunk in chunks:
        n_given += len(chunk)
        yield chunk
    yield np.zeros((n_frames - n_given, N_CHANNELS), np.float32)
