"""Options that several commands have."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    pass


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
