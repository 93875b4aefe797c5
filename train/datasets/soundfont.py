"""SoundFonts to a data set: every pitched preset at every pitch and velocity, as WAVs."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from .fluidsynth import SAMPLE_RATE as FONT_RATE
from .fluidsynth import SoundFont, check_font, library_version
from .font_presets import DroppedPreset, FontShelf, Place, Preset, drop_presets
from .general_midi import family, reason_to_leave_out
from .note_shape import SILENCE_DB, shape_note
from .notes import FAMILIES, N_QUALITIES, DatasetError, Note, note_name, write_wave
from .preparation import Destination, Journal, Progress, n_processes, no_progress
from .preset_check import PresetCheck, check_preset
from .sampling import spread
from .workers import Workers

Result = TypeVar("Result")


@dataclass(frozen=True)
class FontFile:
    """A font that notes are from."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Settings:
    """All that decides the samples of a render; a render continues only with the same."""

    fonts: tuple[FontFile, ...]
    fluidsynth: str
    sample_rate: int
    pitches: tuple[int, ...]
    velocities: tuple[int, ...]
    in_tune_only: bool
    n_notes: int | None = None


@dataclass(frozen=True)
class RenderReport:
    """What a render made and what it left out.

    Attributes:
        n_presets: Presets in the data set.
        n_notes: Notes in the data set.
        n_silent: Notes left out because their peak is below -70 dB of full scale.
        n_duplicates: Notes left out because a lower velocity gave the same samples.
        dropped: Presets left out, by font, bank and program.
    """

    n_presets: int
    n_notes: int
    n_silent: int
    n_duplicates: int
    dropped: tuple[DroppedPreset, ...]


@dataclass(frozen=True)
class _Instrument:
    """A preset that stays, and its place in the data set."""

    preset: Preset
    number: int
    family: str
    name: str


@dataclass(frozen=True)
class _Task:
    """What to render of an instrument: (pitch, velocity), rising."""

    instrument: _Instrument
    notes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Rendered:
    """The notes of a preset that are on disk: (pitch, velocity, level in dB)."""

    notes: tuple[tuple[int, int, float], ...]
    n_silent: int
    n_duplicates: int


def render_soundfonts(
    fonts: Sequence[Path],
    destination: Path,
    *,
    sample_rate: int = 32000,
    pitches: range = range(24, 85),
    velocities: Sequence[int] = (100,),
    in_tune_only: bool = False,
    n_notes: int | None = None,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> RenderReport:
    """Render the pitched presets of SoundFonts to one data set in NSynth's layout.

    A render that was interrupted continues when it is asked for again, and gives the same
    bytes as one that was not.

    Args:
        fonts: The .sf2 or .sf3 files; of presets with the same sound the first stays.
        destination: An empty or new folder, or one with an unfinished render.
        sample_rate: Hz, 8000 to 48000.
        pitches: MIDI numbers to render.
        velocities: 1 to 127 each.
        in_tune_only: Leave out presets that sound another pitch than the key's by more
            than 50 cents, at any C from 36 to 84.
        n_notes: Render only so many, spread over families, octaves and velocities.
        workers: Processes that render, each with a font in its memory; 1 renders in
            this process, None takes one a core.
        progress: Called in this process with presets done, presets in all and the name
            of the last; counts twice, first the presets checked, then those rendered.

    Returns:
        What was made and what was left out.

    Raises:
        ValueError: If a number is out of range.
        DatasetError: If a font or the folder cannot be used, FluidSynth is not
            installed, the disk is full or no preset is left.
    """
    _check_arguments(fonts, sample_rate, pitches, velocities, n_notes)
    n_workers = n_processes(workers)
    for font in fonts:
        check_font(font)
    settings = Settings(
        fonts=tuple(FontFile(font.name, _file_sha256(font)) for font in fonts),
        fluidsynth=library_version(),
        sample_rate=sample_rate,
        pitches=tuple(sorted(pitches)),
        velocities=tuple(sorted(set(velocities))),
        in_tune_only=in_tune_only,
        n_notes=n_notes,
    )
    presets = [preset for number, font in enumerate(fonts) for preset in _presets(number, font)]
    with Destination(destination, settings) as folder:
        with Workers(n_workers, partial(FontShelf, tuple(fonts))) as pool:
            job = _Job(pool, folder, settings, progress)
            dropped = drop_presets(presets, _check_presets(job, presets), [f.name for f in fonts])
            gone = {drop.place for drop in dropped}
            kept = [preset for preset in presets if preset.place not in gone]
            if not kept:
                names = " and ".join(map(str, fonts))
                raise DatasetError(f"{names} has no preset to render. Choose another SoundFont.")
            tasks = {task.instrument.preset: task for task in _plan(kept, settings)}
            render = partial(_render_instrument, settings.sample_rate, folder.audio)
            rendered = job.run("notes", _Rendered, render, tasks)
        parts = [(task.instrument, rendered[preset]) for preset, task in tasks.items()]
        folder.finish(_list_notes(parts, sample_rate), dropped)
    return RenderReport(
        n_presets=len(parts),
        n_notes=sum(len(made.notes) for _, made in parts),
        n_silent=sum(made.n_silent for _, made in parts),
        n_duplicates=sum(made.n_duplicates for _, made in parts),
        dropped=tuple(dropped),
    )


def _check_arguments(
    fonts: Sequence[Path],
    sample_rate: int,
    pitches: range,
    velocities: Sequence[int],
    n_notes: int | None,
) -> None:
    if not fonts:
        raise ValueError("fonts must name one or more")
    if not 8000 <= sample_rate <= FONT_RATE:
        raise ValueError(f"sample_rate must be 8000..{FONT_RATE}, not {sample_rate}")
    if not pitches or min(pitches) < 0 or max(pitches) > 127:
        raise ValueError(f"pitches must be some of 0..127, not {pitches}")
    if not velocities or min(velocities) < 1 or max(velocities) > 127:
        raise ValueError(f"velocities must be some of 1..127, not {list(velocities)}")
    if n_notes is not None and n_notes < 1:
        raise ValueError(f"n_notes must be 1 or more, not {n_notes}")


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _presets(number: int, font: Path) -> list[Preset]:
    with SoundFont(font, load_samples=False) as opened:
        return [Preset(number, preset) for preset in opened.presets()]


@dataclass(frozen=True)
class _Job:
    """What both passes over the presets share."""

    workers: Workers[FontShelf]
    folder: Destination
    settings: Settings
    progress: Progress

    def run(
        self,
        label: str,
        result_type: type[Result],
        function: Callable[[FontShelf, Any], Result],
        tasks: Mapping[Preset, Any],
    ) -> dict[Preset, Result]:
        """Do a task for each preset, once over all starts of this render.

        Args:
            label: Names what is kept of the results.
            result_type: A dataclass, kept as JSON.
            function: Makes a result of the fonts and a task.
            tasks: What to give the function, by preset.
        """
        journal = Journal(self.folder.partial / f"{label}.jsonl", result_type)
        by_key = {preset.place.key(): preset for preset in tasks}
        results = {by_key[key]: result for key, result in journal.read().items()}
        self.progress(len(results), len(tasks), "")
        to_do = [
            (preset.place.key(), task) for preset, task in tasks.items() if preset not in results
        ]
        for key, result in self.workers.run(function, to_do):
            journal.append(key, result)
            results[by_key[key]] = result
            self.progress(len(results), len(tasks), by_key[key].name)
        return results


def _check_presets(job: _Job, presets: Sequence[Preset]) -> dict[Place, PresetCheck]:
    """Listen to a few notes of each preset that its name does not rule out."""
    candidates = [p for p in presets if reason_to_leave_out(p.bank, p.program, p.name) is None]
    listen = partial(_check_preset, job.settings)
    checks = job.run("check", PresetCheck, listen, {preset: preset for preset in candidates})
    return {preset.place: check for preset, check in checks.items()}


def _check_preset(settings: Settings, fonts: FontShelf, preset: Preset) -> PresetCheck:
    return check_preset(
        fonts.open(preset.font),
        preset.in_font,
        settings.pitches,
        settings.velocities,
        listen_to_tuning=settings.in_tune_only,
    )


def _number_instruments(presets: Sequence[Preset]) -> list[_Instrument]:
    """Number the presets that stay, and name them by family, as NSynth does."""
    counts = dict.fromkeys(FAMILIES, 0)
    instruments = []
    for number, preset in enumerate(presets):
        name = family(preset.program)
        assert name is not None  # the others were dropped
        instruments.append(_Instrument(preset, number, name, f"{name}_acoustic_{counts[name]:03d}"))
        counts[name] += 1
    return instruments


def _plan(presets: Sequence[Preset], settings: Settings) -> list[_Task]:
    """Say which notes of which instruments are rendered."""
    notes = [
        (instrument, pitch, velocity)
        for instrument in _number_instruments(presets)
        for pitch in settings.pitches
        for velocity in settings.velocities
    ]
    if settings.n_notes is not None:
        notes = spread(
            notes, lambda note: (note[0].family, note[1] // 12, note[2]), settings.n_notes
        )
    chosen: dict[_Instrument, list[tuple[int, int]]] = {}
    for instrument, pitch, velocity in notes:
        chosen.setdefault(instrument, []).append((pitch, velocity))
    return [_Task(instrument, tuple(pairs)) for instrument, pairs in chosen.items()]


def _render_instrument(sample_rate: int, audio: Path, fonts: FontShelf, task: _Task) -> _Rendered:
    """Write the WAVs of one instrument."""
    font = fonts.open(task.instrument.preset.font)
    notes = []
    n_silent = n_duplicates = 0
    heard: set[tuple[int, bytes]] = set()
    for pitch, velocity in task.notes:
        raw = font.play_note(task.instrument.preset.in_font, pitch, velocity)
        wave, level_db = shape_note(raw, FONT_RATE, sample_rate)
        samples = (pitch, hashlib.sha256(raw.tobytes()).digest())
        if level_db < SILENCE_DB:
            n_silent += 1
        elif samples in heard:
            n_duplicates += 1
        else:
            heard.add(samples)
            name = note_name(task.instrument.name, pitch, velocity)
            write_wave(audio / f"{name}.wav", wave, sample_rate)
            notes.append((pitch, velocity, round(level_db, 2)))
    return _Rendered(tuple(notes), n_silent, n_duplicates)


def _list_notes(parts: Sequence[tuple[_Instrument, _Rendered]], sample_rate: int) -> Iterator[Note]:
    rows = ((instrument, *note) for instrument, rendered in parts for note in rendered.notes)
    for number, (instrument, pitch, velocity, level_db) in enumerate(rows):
        yield Note(
            note=number,
            note_str=note_name(instrument.name, pitch, velocity),
            instrument=instrument.number,
            instrument_str=instrument.name,
            pitch=pitch,
            velocity=velocity,
            sample_rate=sample_rate,
            instrument_family=FAMILIES.index(instrument.family),
            instrument_family_str=instrument.family,
            instrument_source=0,
            instrument_source_str="acoustic",
            qualities=(0,) * N_QUALITIES,
            qualities_str=(),
            preset_name=instrument.preset.name,
            level_db=level_db,
        )
