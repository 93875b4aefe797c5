"""`timbrepad export`: a preset as a sampler instrument."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from .console import megabytes, notice, progress, say
from .options import (
    DeviceOption,
    KeyboardMapOption,
    ModelOption,
    TuningOption,
    check_device,
    read_tuning,
)
from .sound import Sound

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog='Example: timbrepad export "Cold celesta" celesta; or: '
    'timbrepad export "Nylon shimmer" pad --grid 3 --every 3 --flac; or: '
    'timbrepad export "Breath organ" organ --format sf2'
)
def export(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="Its name, or a preset file.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    format_: Annotated[
        str, typer.Option("--format", metavar="F", help="sfz, decentsampler or sf2.")
    ] = "sfz",
    grid: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=9,
            help="The whole pad, N x N places, cross-faded by controllers 16 and 17; 1 is the "
            "preset's place alone.",
        ),
    ] = 1,
    every: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=12, help="Record every Nth key only."),
    ] = 1,
    flac: Annotated[bool, typer.Option("--flac", help="Samples as FLAC, instead of WAV.")] = False,
    sample_rate: Annotated[int, typer.Option(metavar="R", min=8000, max=192000)] = 48000,
    author: Annotated[
        str, typer.Option(metavar="NAME", help="Who made it; else the preset's author.")
    ] = "",
    license_: Annotated[
        str, typer.Option("--license", metavar="TEXT", help="What others may do with it.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a former export of the same name.")
    ] = False,
    model: ModelOption = "",
    device: DeviceOption = "auto",
    tuning: TuningOption = None,
    keyboard_map: KeyboardMapOption = None,
) -> None:
    """Write a preset as a sampler's instrument: SFZ, DecentSampler or SoundFont."""
    from instrument.export.exporting import ExportOptions, estimate_bytes, export_sound
    from instrument.export.recording import make_plan
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.presets.models import read_timbres
    from instrument.songs.offline_player import PresetPlayer
    from instrument.storage.folder import check_place, check_room

    if format_ not in {"sfz", "decentsampler", "sf2"}:
        raise typer.BadParameter(f"--format must be sfz, decentsampler or sf2, not {format_}.")
    if format_ == "sf2" and (flac or grid > 1):
        raise typer.BadParameter(
            "--format sf2 excludes --flac and --grid: a SoundFont has its samples inside, and no "
            "cross-fades by controllers."
        )
    check_device(device)
    sound = Sound(preset, None, None, model)
    chosen, info = sound.preset(None), sound.model()
    tuned = read_tuning(tuning, keyboard_map)
    player = PresetPlayer(chosen, info, read_timbres(info), tuning=tuned)
    pitches = range(info.lowest_pitch, info.highest_pitch + 1)
    plan = make_plan(player, pitches, sample_rate, grid=grid, every=every)
    options = ExportOptions(
        format=cast("Any", format_),
        encoding="flac" if flac else "wav",
        author=author,
        license=license_,
        replace=force,
    )
    check_place(folder, replace=force)
    usual, most = estimate_bytes(plan, options)
    check_room(folder, usual)
    notice(
        f"{plan.n_samples} notes: {megabytes(usual)} if they sustain, up to {megabytes(most)} if "
        "they decay slowly."
    )
    with (
        RenderedNotes(info.path, sample_rate, device=device) as notes,
        progress(f"Recording {chosen.name}") as update,
    ):
        done = export_sound(
            chosen,
            plan,
            notes,
            folder,
            options,
            model_name=info.name,
            model_hash=info.hash,
            progress=lambda n, of: update(n, of, f"{n} of {of} notes"),
        )
    for line in done.differences:
        notice(line)
    say(f"{done.file}: {done.n_samples} notes, {megabytes(done.n_bytes)}.")
