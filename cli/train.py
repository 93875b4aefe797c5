"""`timbrepad train`."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import asked_to_stop, duration, notice, numbers, progress, say

if TYPE_CHECKING:
    from train.running.progress import Progress as TrainingProgress

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: timbrepad train notes --run runs/first --width quarter")
def train(
    data: Annotated[list[Path], typer.Argument(metavar="DATA...")],
    run: Annotated[
        Path, typer.Option("--run", metavar="DIR", help="The run's folder; a stopped run goes on.")
    ],
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="warm-start (default): known timbres alone. timbrepad: that, then a critic. "
            "gansynth: the original's.",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="MODEL", help="Go on from a model, on notes of your own."),
    ] = None,
    name: Annotated[str, typer.Option(help="The model's name.")] = "untitled",
    info: Annotated[str, typer.Option(help="What people should know of the model.")] = "",
    representation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="M20hn, M28hn, F or M26hn-48k (see: bench codec); with gansynth also mel, "
            "linear or phase.",
        ),
    ] = None,
    width: Annotated[
        str | None, typer.Option(help="quarter, half, mid or full; the recipe's without it.")
    ] = None,
    latent_size: Annotated[int | None, typer.Option(metavar="N", min=2)] = None,
    examples: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Notes to see in all; 60000, 2000000 or 11000000 by recipe."
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="N[,N...]", help="Notes a step, or one number for each resolution."),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="R", help="Adam's; the recipe's without it.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; each has a core or a GPU.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32 or bfloat16; the recipe's without it.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N")] = 0,
    others: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting of the run's config.json."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(metavar="S", min=0, help="Stop after this long, with a checkpoint."),
    ] = None,
    checkpoint_seconds: Annotated[
        float | None, typer.Option(metavar="S", min=0, help="Time between checkpoints; 120.")
    ] = None,
    carry: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="At the end, write weights alone in pieces of 16 MiB."),
    ] = None,
    carried: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Begin with what --carry wrote elsewhere.")
    ] = None,
    history: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Models kept on the way, to compare by ear: at most N and 512 MiB.",
        ),
    ] = 8,
    accept_changed_data: Annotated[
        bool, typer.Option("--accept-changed-data", help="Go on though the notes changed.")
    ] = False,
    from_best: Annotated[
        bool, typer.Option("--from-best", help="Go back to the best checkpoint, and on from it.")
    ] = False,
    ignore_collapse: Annotated[
        bool, typer.Option("--ignore-collapse", help="Go on though all notes sound alike.")
    ] = False,
) -> None:
    """Train a model on folders of notes; Ctrl-C stops it so that it can go on later.

    With many GPUs or machines: torchrun --nproc-per-node N -m -- timbrepad train ...
    """
    from instrument.presets.models import ModelLibrary

    # before torch is loaded, which takes seconds: a wrong name is said at once
    begin_with = None if start is None else Path(ModelLibrary().find(start).path)
    from train.recipes.options import config_from_options
    from train.running.group import default_workers
    from train.running.session import Stretch
    from train.running.session import train as train_model

    try:
        config = config_from_options(
            recipe,
            begin_with,
            None if batch is None else tuple(numbers(batch, ",", "--batch")),
            others or (),
            name=name,
            representation=representation,
            width=width,
            latent_size=latent_size,
            examples=examples,
            learning_rate=learning_rate,
            workers=workers or default_workers(device),
            precision=precision,
            checkpoint_seconds=checkpoint_seconds,
            seed=seed,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    stretch = Stretch(
        device=device,
        seconds=seconds,
        accept_changed_data=accept_changed_data,
        from_best=from_best,
        stop_when_collapsed=not ignore_collapse,
        carried=carried,
        carry=carry,
        n_history=history,
    )
    first = os.environ.get("RANK", "0") == "0"  # of torchrun's workers, the one that speaks
    with (
        progress("Preparing") as prepare,
        _training_progress(config.examples, quiet=not first) as tell,
        asked_to_stop() as stop,
    ):
        model, complete = train_model(
            data,
            run,
            config,
            stretch=stretch,
            info=info,
            on_prepare=prepare,
            on_progress=tell,
            on_notice=notice,
            should_stop=stop.is_set,
        )
    if not first:
        return
    say(f"The model is in {model}.")
    if not complete:
        say("The run was stopped before its end; the same command goes on with it.")


@contextlib.contextmanager
def _training_progress(
    n_examples: int, *, quiet: bool
) -> Iterator[Callable[["TrainingProgress"], None]]:
    """Show how a run does: a bar on a terminal, else a line a minute; gives what to tell."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("Stage {task.fields[stage]}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} % {task.fields[word]}"),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as bars:
        task = bars.add_task("", total=n_examples, stage="-", word="")
        next_line = time.monotonic()

        def tell(at: "TrainingProgress") -> None:
            nonlocal next_line
            left = "" if at.seconds_left is None else f", {duration(at.seconds_left)} left"
            losses = " ".join(f"{name} {value:.3f}" for name, value in at.losses.items())
            word = f"{at.examples_per_second:.1f} notes/s{left}  {losses}"
            bars.update(task, completed=at.examples_seen, stage=at.stage, word=word)
            if not quiet and not console.is_terminal and time.monotonic() >= next_line:
                next_line = time.monotonic() + 60
                notice(f"{at.examples_seen} of {n_examples} notes, stage {at.stage}, {word}")

        yield tell
