"""`timbrepad doctor`: what this machine has and lacks."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from .console import FAILED, say, say_json
from .options import JsonOption

if TYPE_CHECKING:
    from instrument.doctor import Finding

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: timbrepad doctor --json")
def doctor(json_: JsonOption = False) -> None:
    """Look over this machine and say what is fine and what to do; 1 if it can't play."""
    import msgspec

    from instrument.doctor import examine

    findings = []
    for finding in itertools.chain(examine(), _examine_training()):
        findings.append(finding)
        if not json_:
            mark = "ok     " if finding.ok else "FAULT  " if finding.needed else "advice "
            say(f"{mark}{finding.subject}: {finding.text}")
    if json_:
        say_json([msgspec.to_builtins(finding) for finding in findings])
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(FAILED)


def _examine_training() -> "Iterator[Finding]":
    """Look at what only rendering and training use."""
    import torch

    from instrument.doctor import Finding
    from model.device import NO_GPU, choose_device
    from train.datasets.fluidsynth import library_version
    from train.datasets.notes import DatasetError

    choice = choose_device()
    if choice.device.name == "cpu":
        fine = choice.reason == NO_GPU  # else there is a GPU that does not work
        what = f"the processor, {torch.get_num_threads()} cores"
        yield Finding("renderer", fine, f"{what}: {choice.reason}")
    else:
        yield Finding("renderer", True, f"{choice.device.words}: {choice.reason}")
    try:
        yield Finding("FluidSynth", True, f"{library_version()}, for: timbrepad data soundfont")
    except DatasetError as error:
        yield Finding("FluidSynth", False, f"{error} (only for: timbrepad data soundfont)")
