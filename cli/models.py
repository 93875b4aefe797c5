"""`timbrepad models`: models listed, brought in, measured."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import notice, progress, say, say_json, say_table
from .options import JsonOption

if TYPE_CHECKING:
    from model.config import AxisConfig

app = typer.Typer(help="Look after models.", rich_markup_mode=None)


@app.command("list", epilog="Example: timbrepad models list --json")
def models_list(json_: JsonOption = False) -> None:
    """List the models that can be opened."""
    import msgspec

    from instrument.presets.models import ModelLibrary

    infos = ModelLibrary().list()
    if json_:
        say_json([msgspec.to_builtins(info) for info in infos])
        return
    say_table(
        [
            (info.name, f"{info.n_timbres} timbres", f"{info.sample_rate} Hz", info.path)
            for info in infos
        ]
    )


@app.command("info", epilog="Example: timbrepad models info Draft --json")
def models_info(
    name: Annotated[str, typer.Argument(metavar="MODEL")], json_: JsonOption = False
) -> None:
    """Say what a model is: its origin, its timbres, its measured figures."""
    import msgspec

    from instrument.presets.models import ModelLibrary
    from model.checkpoint import read_model

    info = ModelLibrary().find(name)
    config, _ = read_model(Path(info.path))
    if json_:
        say_json(msgspec.to_builtins(info) | {"config": msgspec.to_builtins(config)})
        return
    say_table(
        [
            ("name", info.name),
            ("folder", info.path),
            ("identity", info.hash),
            ("notes", f"MIDI {info.lowest_pitch}..{info.highest_pitch}, {info.sample_rate} Hz"),
            ("latent", f"{info.latent_size} numbers, {config.prior} prior"),
            ("timbres", ", ".join(timbre.name for timbre in config.timbres)),
            *(("axis", ", ".join(_axis_row(axis))) for axis in config.axes),
            *((name, f"{value:g}") for name, value in config.figures.items()),
            ("info", info.info),
        ]
    )


@app.command("import", epilog="Example: timbrepad models import acoustic_only --name Acoustic")
def models_import(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A model's folder; or a GANSynth checkpoint of Magenta's: its folder, one of its "
            "stages or files, or a zip archive of it.",
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="N", help="The model's name, in place of its own.")
    ] = "",
    json_: JsonOption = False,
) -> None:
    """Check a model and put it into your own folder of models; TensorFlow is not needed."""
    import msgspec

    from instrument.presets.models import CONFIG_FILE, ModelLibrary
    from model.magenta import check_sound, import_checkpoint

    library = ModelLibrary()
    if name:
        library.check_free(name)
    origin, remarks = str(source), tuple[str, ...]()
    with tempfile.TemporaryDirectory(prefix="timbrepad-") as temporary:
        folder = source
        if not (source / CONFIG_FILE).is_file():
            folder = Path(temporary) / "model"
            with progress("Importing") as update:
                imported = import_checkpoint(source, folder, name, update)
            origin, remarks = imported.origin, imported.remarks
        check_sound(folder)
        info = library.import_folder(folder, name)
    if json_:
        say_json(msgspec.to_builtins(info) | {"origin": origin, "remarks": remarks})
        return
    for remark in remarks:
        notice(remark)
    say(f'Imported "{info.name}" into {info.path}')


@app.command("measure", epilog="Example: timbrepad models measure runs/first/model")
def models_measure(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or folder.")],
    json_: JsonOption = False,
) -> None:
    """Find and keep the ways in which a model's notes become brighter, slower, noisier.

    Takes minutes. The model's identity changes; presets made with it stay its own.
    """
    import msgspec

    from instrument.presets.models import ModelLibrary
    from model.gansynth import GANSynth
    from train.running.axes import keep_axes, measure_axes

    folder = Path(ModelLibrary().find(name).path)
    with progress("Measuring") as update:
        axes, directions = measure_axes(GANSynth.load(folder), progress=update)
    keep_axes(folder, axes, directions)
    if json_:
        say_json(msgspec.to_builtins(axes))
        return
    say_table([("axis", "from", "to", "correlation", "agreement"), *map(_axis_row, axes)])


def _axis_row(axis: "AxisConfig") -> tuple[str, ...]:
    """Say of an axis of a model what is known."""
    numbers = (f"{axis.correlation:.2f}", f"{axis.agreement:.0%}")
    return axis.name, axis.low, axis.high, *numbers


@app.command("remove", epilog='Example: timbrepad models remove "My model"')
def models_remove(name: Annotated[str, typer.Argument(metavar="MODEL")]) -> None:
    """Delete one of your own models."""
    from instrument.presets.models import ModelLibrary

    say(f'Removed "{ModelLibrary().remove(name).name}"')
