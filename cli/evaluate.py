"""`timbrepad evaluate`: a model in figures beside real notes."""

from pathlib import Path
from typing import Annotated

import typer

from .console import progress, say
from .options import JsonOption

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: timbrepad evaluate runs/first/model notes --page verdict")
def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or folder.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Real notes, in NSynth's layout.")],
    notes: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Notes to listen to; 400, with --quick 60."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="The same one asks for the same notes.")
    ] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="A rough look: fewer notes, a hastier classifier.")
    ] = False,
    classifier: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The classifier to use; written when it is not there."),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a page with pictures and sounds into a folder."),
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Processes that listen.")] = 2,
    json_: JsonOption = False,
) -> None:
    """Measure a model beside real notes: pitch, likeness, variety, texture, faults.

    The first evaluation on a data set trains a classifier, which takes minutes; it is kept.
    """
    import dataclasses

    from rich.console import Console

    from instrument.presets.models import ModelLibrary
    from instrument.storage.paths import evaluation_folder
    from train.evaluation.evaluate import QUICK, Options
    from train.evaluation.evaluate import evaluate as evaluate_model
    from train.evaluation.page import write_page
    from train.evaluation.report import report_json, report_table

    folder = Path(ModelLibrary().find(model).path)
    options = dataclasses.replace(
        QUICK if quick else Options(), seed=seed, workers=workers, classifier=classifier
    )
    if notes is not None:
        options = dataclasses.replace(options, n_notes=notes)
    with progress("Evaluating") as update:
        report = evaluate_model(folder, data, evaluation_folder(), options, update)
        if page is not None:
            write_page(page, report, folder, data, update)
    if json_:
        say(report_json(report).decode().rstrip())
    else:
        Console().print(report_table(report))
        if page is not None:
            say(f"{page / 'index.html'} shows and plays it.")
