"""`timbrepad presets`: presets listed, brought in, given away, kept with their keyboards."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import megabytes, progress, say, say_json, say_table
from .options import DeviceOption, JsonOption, ModelOption, check_device
from .sound import Sound

if TYPE_CHECKING:
    from instrument.notes.kept_keyboards import KeptKeyboards

app = typer.Typer(help="Look after presets.", rich_markup_mode=None)


@app.command("list", epilog="Example: timbrepad presets list --json")
def presets_list(json_: JsonOption = False) -> None:
    """List the presets in the order of their program numbers."""
    import msgspec

    from instrument import PresetLibrary

    entries = PresetLibrary().list()
    if json_:
        say_json([msgspec.to_builtins(entry) for entry in entries])
        return
    say_table(
        [
            (str(program), entry.name, ", ".join(entry.tags), entry.problem or entry.model_name)
            for program, entry in enumerate(entries)
        ]
    )


@app.command("show", epilog='Example: timbrepad presets show "Cold celesta"')
def presets_show(name: Annotated[str, typer.Argument(metavar="PRESET")]) -> None:
    """Print a preset as JSON."""
    from instrument import PresetLibrary
    from instrument.presets.preset import encode_preset

    say(encode_preset(PresetLibrary().load(name)).decode().rstrip())


@app.command("import", epilog="Example: timbrepad presets import friend.json pack.zip")
def presets_import(files: Annotated[list[Path], typer.Argument(metavar="FILE...")]) -> None:
    """Copy preset files and packs (.zip) into your own folder; of a pack all presets or none."""
    from instrument import PACK_SUFFIX, PresetLibrary

    library = PresetLibrary()
    for file in files:
        is_pack = file.suffix.lower() == PACK_SUFFIX
        entries = library.import_pack(file) if is_pack else (library.import_file(file),)
        for entry in entries:
            say(f'Imported "{entry.name}" as {entry.path}')
        if not entries:
            say(f"All presets of {file} were here already")


@app.command("pack", epilog='Example: timbrepad presets pack mine.zip "Cold celesta"')
def presets_pack(
    destination: Annotated[Path, typer.Argument(metavar="FILE.zip")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="PRESET", help="None: all of your own.")
    ] = None,
) -> None:
    """Write presets into one zip file, to share them."""
    from instrument import PresetLibrary

    say(f"Wrote {PresetLibrary().export_pack(names or [], destination)}")


@app.command("export", epilog='Example: timbrepad presets export "Cold celesta" c.json')
def presets_export(
    name: Annotated[str, typer.Argument(metavar="PRESET")],
    destination: Annotated[Path, typer.Argument(metavar="FILE_OR_FOLDER")],
) -> None:
    """Copy a preset into a file of its own."""
    from instrument import PresetLibrary

    say(f"Wrote {PresetLibrary().export_file(name, destination)}")


@app.command(
    "keep",
    epilog='Example: timbrepad presets keep "Cold celesta"; or: '
    'timbrepad presets keep "Cold celesta" --grid 3',
)
def presets_keep(
    name: Annotated[
        str, typer.Argument(metavar="PRESET", help="Without it: list what is kept.")
    ] = "",
    grid: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=9, help="Also N x N places of the pad, to walk on."),
    ] = 1,
    sample_rate: Annotated[
        int, typer.Option(metavar="R", min=8000, max=192000, help="The sound output's, in Hz.")
    ] = 48000,
    forget: Annotated[bool, typer.Option("--forget", help="Delete what is kept of it.")] = False,
    model: ModelOption = "",
    device: DeviceOption = "auto",
    json_: JsonOption = False,
) -> None:
    """Keep a preset's keyboard rendered: it sounds at once at each start, even without torch."""
    from instrument.notes.kept_keyboards import KeptKeyboards
    from instrument.storage.paths import kept_folder

    keyboards = KeptKeyboards(kept_folder())
    if not name:
        _list_kept(keyboards, json_)
    elif forget:
        keyboards.forget(name)
        say(f'"{name}" is rendered anew from now on.')
    else:
        _keep_preset(keyboards, name, grid, sample_rate, model, device)


def _list_kept(keyboards: "KeptKeyboards", json_: bool) -> None:
    kept = keyboards.list()
    if json_:
        rows = [(one.preset, one.model, one.sample_rate, len(one.places)) for one in kept]
        names = ("preset", "model", "sample_rate", "keyboards")
        say_json([dict(zip(names, row, strict=True)) for row in rows])
    elif kept:
        say_table(
            [(one.preset, f"{len(one.places)} kept", f"{one.sample_rate:.0f} Hz") for one in kept]
        )


def _keep_preset(
    keyboards: "KeptKeyboards", name: str, grid: int, sample_rate: int, model: str, device: str
) -> None:
    from instrument import MovePad
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.presets.models import read_timbres
    from instrument.songs.offline_player import PresetPlayer

    check_device(device)
    sound = Sound(name, None, None, model)
    preset, info = sound.preset(None), sound.model()
    player = PresetPlayer(preset, info, read_timbres(info))
    targets = [player.target(0.0)]
    for x, y in itertools.product(range(grid), repeat=2) if grid > 1 else ():
        player.play(MovePad(x=x / (grid - 1), y=y / (grid - 1)))
        targets.append(player.target(0.0))
    pitches = range(info.lowest_pitch, info.highest_pitch + 1)
    with (
        RenderedNotes(info.path, sample_rate, device=device) as notes,
        progress(f"Rendering {preset.name}") as update,
    ):
        folder = keyboards.keep(
            preset.name,
            targets,
            pitches,
            sample_rate,
            notes,
            lambda n, of: update(n, of, f"{n} of {of} notes"),
        )
    n_bytes = sum(path.stat().st_size for path in folder.iterdir())
    say(f'"{preset.name}" is kept at {sample_rate} Hz: {megabytes(n_bytes)} in {folder}')
