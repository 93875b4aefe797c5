"""Options that several commands have, each with its check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from instrument import Tuning
    from instrument.values.status import Timing


PresetOption = Annotated[
    str, typer.Option("--preset", metavar="P", help="Name of a preset, or a preset file.")
]
ModelOption = Annotated[
    str, typer.Option("--model", metavar="M", help="Name of a model, or a model folder.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Draw the timbre with this seed.")
]
OutOption = Annotated[
    Path, typer.Option("-o", "--out", metavar="OUT.wav", help="The file to write.")
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="D",
        help="What makes the notes: auto, cpu, cuda, cuda:N or mps; see: timbrepad devices",
    ),
]
TuningOption = Annotated[
    Path | None,
    typer.Option("--tuning", metavar="FILE.scl", help="Tune the keys to a scale of Scala's."),
]
KeyboardMapOption = Annotated[
    Path | None,
    typer.Option(
        "--keyboard-map", metavar="FILE.kbm", help="Which key plays which degree of the scale."
    ),
]
TimingOption = Annotated[
    str,
    typer.Option(
        metavar="auto|even|quick",
        help="even: each note exactly one block after its key; quick: up to a block sooner; "
        "auto: even from 256 frames on.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def checked_timing(timing: str) -> "Timing":
    """Refuse a timing that there is none of."""
    if timing not in {"auto", "even", "quick"}:
        raise typer.BadParameter(f'There is no timing "{timing}"; there are auto, even and quick.')
    return cast("Timing", timing)


def read_tuning(scale: Path | None, keyboard_map: Path | None) -> "Tuning | None":
    """Read a scale of Scala's and its keyboard map, where they are given."""
    if scale is None and keyboard_map is None:
        return None
    from instrument.values.scala import read_tuning

    return read_tuning(scale, keyboard_map)


def check_device(wanted: str) -> None:
    """Refuse a device that is not there; what is always there is not looked for."""
    if wanted in {"auto", "cpu"}:
        return
    from model.device import find_device

    try:
        find_device(wanted)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
