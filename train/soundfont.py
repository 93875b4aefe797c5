"""A SoundFont to a data set: every pitched preset at every pitch and velocity, as WAVs."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from .fluidsynth import SAMPLE_RATE as FONT_RATE
from .fluidsynth import FontPreset, SoundFont, check_font, library_version
from .font_workers import FontWorkers, Result
from .general_midi import family, reason_to_leave_out
from .note_shape import SILENCE_DB, shape_note
from .notes import (
    AUDIO_FOLDER,
    EXAMPLES_FILE,
    FAMILIES,
    N_QUALITIES,
    DatasetError,
    Note,
    note_name,
    write_error,
    write_examples,
    write_text,
    write_wave,
)
from .preset_check import PresetCheck, check_preset, reason_heard
from .sampling import spread

Progress = Callable[[int, int, str], None]

_RENDER_FILE = "render.json"
_PARTIAL_FOLDER = "partial"


@dataclass(frozen=True)
class Settings:
    """All that decides the samples of a render; a render continues only with the same."""

    font: str
    font_sha256: str
    fluidsynth: str
    sample_rate: int
    pitches: tuple[int, ...]
    velocities: tuple[int, ...]
    in_tune_only: bool
    n_notes: int | None = None


@dataclass(frozen=True)
class DroppedPreset:
    """A preset that is not in the data set, and why."""

    bank: int
    program: int
    name: str
    reason: str


@dataclass(frozen=True)
class _RenderFile:
    """What stays in `render.json`: where the notes are from, and what is not there."""

    settings: Settings
    dropped: tuple[DroppedPreset, ...]


@dataclass(frozen=True)
class RenderReport:
    """What a render made and what it left out.

    Attributes:
        n_presets: Presets in the data set.
        n_notes: Notes in the data set.
        n_silent: Notes left out because their peak is below -70 dB of full scale.
        n_duplicates: Notes left out because a lower velocity gave the same samples.
        dropped: Presets left out, by bank and program.
    """

    n_presets: int
    n_notes: int
    n_silent: int
    n_duplicates: int
    dropped: tuple[DroppedPreset, ...]


@dataclass(frozen=True)
class _Instrument:
    """A preset that stays, and its place in the data set."""

    preset: FontPreset
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


def render_soundfont(
    font: Path,
    destination: Path,
    *,
    sample_rate: int = 32000,
    pitches: range = range(24, 85),
    velocities: Sequence[int] = (100,),
    in_tune_only: bool = False,
    n_notes: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> RenderReport:
    """Render the pitched presets of a SoundFont to a data set in NSynth's layout.

    A render that was interrupted continues when it is asked for again, and gives the same
    bytes as one that was not.

    Args:
        font: The .sf2 or .sf3 file.
        destination: An empty or new folder, or one with an unfinished render.
        sample_rate: Hz, 8000 to 48000.
        pitches: MIDI numbers to render.
        velocities: 1 to 127 each.
        in_tune_only: Leave out presets that sound another pitch than the key's by more
            than 50 cents, at any C from 36 to 84.
        n_notes: Render only so many, spread over families, octaves and velocities.
        workers: Processes that render, each with the font in its memory; 1 renders in
            this process, None takes one a core.
        progress: Called in this process with presets done, presets in all and the name
            of the last; counts twice, first the presets checked, then those rendered.

    Returns:
        What was made and what was left out.

    Raises:
        ValueError: If a number is out of range.
        DatasetError: If the font or the folder cannot be used, FluidSynth is not
            installed, the disk is full or no preset is left.
    """
    _check_arguments(sample_rate, pitches, velocities, n_notes, workers)
    check_font(font)
    settings = Settings(
        font=font.name,
        font_sha256=_file_sha256(font),
        fluidsynth=library_version(),
        sample_rate=sample_rate,
        pitches=tuple(sorted(pitches)),
        velocities=tuple(sorted(set(velocities))),
        in_tune_only=in_tune_only,
        n_notes=n_notes,
    )
    with SoundFont(font, load_samples=False) as opened:
        presets = opened.presets()
    _open_destination(destination, settings)
    with FontWorkers(font, workers or os.cpu_count() or 1) as pool:
        job = _Job(pool, destination, settings, progress or _no_progress)
        dropped = _find_dropped(presets, _check_presets(job, presets))
        gone = {(drop.bank, drop.program) for drop in dropped}
        kept = [preset for preset in presets if (preset.bank, preset.program) not in gone]
        if not kept:
            raise DatasetError(f"{font} has no preset to render. Choose another SoundFont.")
        render = partial(_render_instrument, settings.sample_rate, destination / AUDIO_FOLDER)
        tasks = {task.instrument.preset: task for task in _plan(kept, settings)}
        rendered = job.run("notes", _Rendered, render, tasks)
    parts = [(task.instrument, rendered[preset]) for preset, task in tasks.items()]
    return _finish(destination, settings, parts, dropped)


def _check_arguments(
    sample_rate: int,
    pitches: range,
    velocities: Sequence[int],
    n_notes: int | None,
    workers: int | None,
) -> None:
    if not 8000 <= sample_rate <= FONT_RATE:
        raise ValueError(f"sample_rate must be 8000..{FONT_RATE}, not {sample_rate}")
    if not pitches or min(pitches) < 0 or max(pitches) > 127:
        raise ValueError(f"pitches must be some of 0..127, not {pitches}")
    if not velocities or min(velocities) < 1 or max(velocities) > 127:
        raise ValueError(f"velocities must be some of 1..127, not {list(velocities)}")
    if n_notes is not None and n_notes < 1:
        raise ValueError(f"n_notes must be 1 or more, not {n_notes}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, not {workers}")


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _no_progress(_done: int, _total: int, _name: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Job:
    """What both passes over the presets share."""

    workers: FontWorkers
    destination: Path
    settings: Settings
    progress: Progress

    def run(
        self,
        label: str,
        result_type: type[Result],
        function: Callable[[SoundFont, Any], Result],
        tasks: Mapping[FontPreset, Any],
    ) -> dict[FontPreset, Result]:
        """Do a task for each preset, once over all starts of this render.

        Args:
            label: Names what is kept of the results.
            result_type: A dataclass, kept as JSON.
            function: Makes a result of the font and a task.
            tasks: What to give the function, by preset.
        """
        folder = self.destination / _PARTIAL_FOLDER
        files = {p: folder / f"{label}-{p.bank}-{p.program}.json" for p in tasks}
        results: dict[FontPreset, Result] = {}
        for preset, path in files.items():
            kept = _read_result(path, result_type)
            if kept is not None:
                results[preset] = kept
        self.progress(len(results), len(tasks), "")
        to_do = {preset: task for preset, task in tasks.items() if preset not in results}
        for preset, result in self.workers.run(function, to_do):
            write_text(files[preset], msgspec.json.encode(result).decode())
            results[preset] = result
            self.progress(len(results), len(tasks), preset.name)
        return results


def _read_result(path: Path, result_type: type[Result]) -> Result | None:
    """Read what an earlier start kept, or None."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=result_type)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


# The destination


def _open_destination(destination: Path, settings: Settings) -> None:
    """Make the folder ready for a new render, or find that an old one can go on."""
    render_file = destination / _RENDER_FILE
    try:
        destination.mkdir(parents=True, exist_ok=True)
        used = any(not entry.name.startswith(".") for entry in destination.iterdir())
        if (destination / EXAMPLES_FILE).exists():
            raise DatasetError(f"{destination} already holds a data set. Choose an empty folder.")
        if used and not render_file.exists():
            raise DatasetError(f"{destination} is not empty. Choose an empty folder.")
        if used and _read_settings(render_file) != settings:
            raise DatasetError(
                f"{destination} holds an unfinished render with other settings. "
                "Choose an empty folder."
            )
        (destination / AUDIO_FOLDER).mkdir(exist_ok=True)
        (destination / _PARTIAL_FOLDER).mkdir(exist_ok=True)
    except OSError as error:
        raise write_error(destination, error) from error
    _write_render_file(destination, settings, ())


def _read_settings(render_file: Path) -> Settings | None:
    try:
        return msgspec.json.decode(render_file.read_bytes(), type=_RenderFile).settings
    except msgspec.MsgspecError:
        return None


def _write_render_file(
    destination: Path, settings: Settings, dropped: Sequence[DroppedPreset]
) -> None:
    content = msgspec.json.encode(_RenderFile(settings, tuple(dropped)))
    write_text(destination / _RENDER_FILE, msgspec.json.format(content).decode() + "\n")


def _finish(
    destination: Path,
    settings: Settings,
    parts: Sequence[tuple[_Instrument, _Rendered]],
    dropped: Sequence[DroppedPreset],
) -> RenderReport:
    """Write `examples.json` last, since it says that the render is whole."""
    notes = _list_notes(parts, settings.sample_rate)
    _write_render_file(destination, settings, dropped)
    write_examples(destination, notes)
    shutil.rmtree(destination / _PARTIAL_FOLDER, ignore_errors=True)
    return RenderReport(
        n_presets=len(parts),
        n_notes=len(notes),
        n_silent=sum(rendered.n_silent for _, rendered in parts),
        n_duplicates=sum(rendered.n_duplicates for _, rendered in parts),
        dropped=tuple(dropped),
    )


# Which presets stay


def _check_presets(job: _Job, presets: Sequence[FontPreset]) -> dict[FontPreset, PresetCheck]:
    """Listen to a few notes of each preset that its name does not rule out."""
    listen = partial(_check_preset, job.settings)
    candidates = [p for p in presets if reason_to_leave_out(p.bank, p.program, p.name) is None]
    return job.run("check", PresetCheck, listen, {preset: preset for preset in candidates})


def _check_preset(settings: Settings, font: SoundFont, preset: FontPreset) -> PresetCheck:
    return check_preset(
        font,
        preset,
        settings.pitches,
        settings.velocities,
        listen_to_tuning=settings.in_tune_only,
    )


def _find_dropped(
    presets: Sequence[FontPreset], checks: dict[FontPreset, PresetCheck]
) -> list[DroppedPreset]:
    """Say which presets do not stay, and why."""
    dropped = []
    first_with: dict[str, FontPreset] = {}
    for preset in presets:
        reason = reason_to_leave_out(preset.bank, preset.program, preset.name)
        if reason is None:
            check = checks[preset]
            twin = first_with.setdefault(check.digest, preset)
            reason = reason_heard(check, None if twin == preset else twin)
        if reason is not None:
            dropped.append(DroppedPreset(preset.bank, preset.program, preset.name, reason))
    return dropped


def _number_instruments(presets: Sequence[FontPreset]) -> list[_Instrument]:
    """Number the presets that stay, and name them by family, as NSynth does."""
    counts = dict.fromkeys(FAMILIES, 0)
    instruments = []
    for number, preset in enumerate(presets):
        name = family(preset.program)
        assert name is not None  # the others were dropped
        instruments.append(_Instrument(preset, number, name, f"{name}_acoustic_{counts[name]:03d}"))
        counts[name] += 1
    return instruments


# Rendering


def _plan(presets: Sequence[FontPreset], settings: Settings) -> list[_Task]:
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


def _render_instrument(sample_rate: int, audio: Path, font: SoundFont, task: _Task) -> _Rendered:
    """Write the WAVs of one instrument."""
    notes = []
    n_silent = n_duplicates = 0
    heard: set[tuple[int, bytes]] = set()
    for pitch, velocity in task.notes:
        raw = font.play_note(task.instrument.preset, pitch, velocity)
        wave, level_db = shape_note(raw, sample_rate)
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


def _list_notes(parts: Sequence[tuple[_Instrument, _Rendered]], sample_rate: int) -> list[Note]:
    rows = [(instrument, *note) for instrument, rendered in parts for note in rendered.notes]
    return [
        Note(
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
        for number, (instrument, pitch, velocity, level_db) in enumerate(rows)
    ]
