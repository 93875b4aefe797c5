"""`timbrepad bench`: this machine measured."""

import functools
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import numbers, progress, say, say_figures, say_json
from .options import (
    DeviceOption,
    JsonOption,
    ModelOption,
    TimingOption,
    check_device,
    checked_timing,
)
from .sound import Sound

if TYPE_CHECKING:
    from instrument.values.status import Timing

app = typer.Typer(help="Measure this machine.", rich_markup_mode=None)


@app.command("render", epilog="Example: timbrepad bench render --json")
def bench_render(
    model: ModelOption = "",
    threads: Annotated[
        int, typer.Option(metavar="N", min=0, help="Notes side by side; 0: one a core, at most 4.")
    ] = 0,
    published: Annotated[
        bool, typer.Option("--published", help="GANSynth's own size, with random weights.")
    ] = False,
    device: DeviceOption = "auto",
    json_: JsonOption = False,
) -> None:
    """Measure how fast notes are made, and the network against the device's peak."""
    from instrument.benchmarks.render import bench_render as measure

    if published and model:
        raise typer.BadParameter("Choose --model or --published.")
    check_device(device)
    with tempfile.TemporaryDirectory(prefix="timbrepad-bench-") as folder:
        path = _write_published(folder) if published else Sound("", None, None, model).model().path
        with progress("Rendering"):
            figures = measure(path, threads or min(os.cpu_count() or 1, 4), device)
    say_figures(figures, json_)


@app.command("endless", epilog="Example: timbrepad bench endless --json")
def bench_endless(
    model: ModelOption = "",
    device: DeviceOption = "auto",
    timbres: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many; beyond the named ones, mixes of two.")
    ] = 100,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=10.0, help="How long each is held.")
    ] = 60.0,
    waves: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the sounds of the five worst here.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Measure whether held notes repeat themselves: modulation at the loop's rate, steps, drift."""
    from instrument.benchmarks.endless import bench_endless as measure

    check_device(device)
    path = Sound("", None, None, model).model().path
    with progress("Holding") as update:
        figures = measure(
            path,
            timbres,
            seconds,
            device=device,
            waves=waves,
            on_note=lambda done, total: update(done, total, ""),
        )
    say_figures(figures, json_)


@app.command("morph", epilog="Example: timbrepad bench morph --json")
def bench_morph(
    model: ModelOption = "",
    device: DeviceOption = "auto",
    pairs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Pairs of timbres of each family.")
    ] = 4,
    moves: Annotated[int, typer.Option(metavar="N", min=1, help="Moves of the pad, timed.")] = 40,
    threads: Annotated[
        int, typer.Option(metavar="N", min=0, help="Notes side by side; 0: one a core, at most 4.")
    ] = 0,
    onward: Annotated[
        bool,
        typer.Option(
            "--onward/--no-onward", help="Let held notes go on in their phases, or not, to compare."
        ),
    ] = True,
    json_: JsonOption = False,
) -> None:
    """Measure how held notes follow the pad: delay, level, pitch and clicks, family by family."""
    from instrument.benchmarks.morph import bench_morph as measure

    check_device(device)
    path = Sound("", None, None, model).model().path
    with progress("Morphing") as update:
        figures = measure(
            path,
            pairs,
            device=device,
            threads=threads or None,
            n_moves=moves,
            onward=onward,
            on_note=lambda done, total: update(done, total, ""),
        )
    say_figures(figures, json_)


@app.command("precision", epilog="Example: timbrepad bench precision --device cuda")
def bench_precision(
    model: ModelOption = "",
    device: DeviceOption = "auto",
    timbres: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many, each at every twelfth pitch.")
    ] = 12,
    json_: JsonOption = False,
) -> None:
    """Measure what rounding on a device does to notes: float32, tf32 and bf16 convolutions."""
    from rich.console import Console

    from model.device import choose_device
    from train.measures.precision_bench import bench_precision as measure
    from train.measures.precision_bench import report_json, report_table

    check_device(device)
    path = Path(Sound("", None, None, model).model().path)
    chosen = choose_device(device).device
    with progress("Comparing") as update:
        report = measure(path, chosen.name, n_timbres=timbres, on_progress=update)
    if json_:
        say(report_json(report).decode().rstrip())
    else:
        Console(width=130, highlight=False).print(report_table(report))


def _write_published(folder: str) -> str:
    """Write a model of GANSynth's published size with random weights; gives its folder."""
    from model.config import ModelConfig, NetworkConfig
    from model.gansynth import GANSynth
    from model.specgram import SpecgramConfig

    specgram = SpecgramConfig()
    config = ModelConfig(
        name="published size",
        sample_rate=specgram.sample_rate,
        n_samples=specgram.n_samples,
        representation="gansynth",
        network=NetworkConfig(),
        gansynth=specgram,
    )
    path = Path(folder) / "model"
    GANSynth.create(config).save(path)
    return str(path)


@app.command("engine", epilog="Example: timbrepad bench engine --block 128 --json")
def bench_engine(
    block: Annotated[int, typer.Option(metavar="N", min=16, max=4096)] = 128,
    sample_rate: Annotated[int, typer.Option(metavar="R", min=8000, max=192000)] = 48000,
    peer: Annotated[
        str, typer.Option(metavar="fluidsynth", help="Who does the same work in turns.")
    ] = "",
    json_: JsonOption = False,
) -> None:
    """Measure how long the engine takes for a block with 32 to 256 voices, on one core."""
    from instrument.benchmarks.engine import bench_engine as measure

    if peer not in {"", "fluidsynth"}:
        raise typer.BadParameter(f'There is no peer "{peer}"; there is fluidsynth.')
    with progress("Playing"):
        figures = measure(block, sample_rate)
        if peer:
            figures["peer"] = _beside_fluidsynth(block, sample_rate)
    say_figures(figures, json_)


def _beside_fluidsynth(block: int, sample_rate: int) -> dict[str, Any]:
    from instrument.benchmarks.engine import (
        PARAMETERS,
        RESONANCE_DB,
        TYPICAL_VOICES,
        bench_beside,
    )
    from instrument.benchmarks.font import write_tone_font
    from train.datasets.fluidsynth_voices import fluidsynth_voices

    with tempfile.TemporaryDirectory() as folder:
        font = Path(folder) / "tone.sf2"
        write_tone_font(
            font,
            cutoff_hz=PARAMETERS["cutoff"],
            resonance_db=RESONANCE_DB,
            vibrato_cents=PARAMETERS["vibrato_depth"],
        )
        with fluidsynth_voices(font, TYPICAL_VOICES, sample_rate) as voices:
            rate, ratio = bench_beside(voices, block, sample_rate)
            version = voices.version
    return {
        "name": "fluidsynth",
        "version": version,
        "voice_seconds_per_cpu_second": round(rate),
        "ratio": round(ratio, 2),
    }


@app.command("window", epilog="Example: timbrepad bench window --size 1440x900 --json")
def bench_window(
    seconds: Annotated[float, typer.Option(metavar="S", min=1.0, help="How long.")] = 20.0,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the window.")] = "1440x900",
    json_: JsonOption = False,
) -> None:
    """Measure the window while notes play and the pad moves: frames, and share of one core."""
    from gui.benchmark_window import bench_window as measure

    width, cross, height = size.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise typer.BadParameter(f'A size is written as 1440x900, not "{size}".')
    with progress("Playing"):
        figures = measure(seconds, (int(width), int(height)))
    say_figures(figures, json_)


@app.command("latency", epilog="Example: timbrepad bench latency --busy --json")
def bench_latency(
    block: Annotated[
        int, typer.Option(metavar="N", min=16, max=4096, help="Frames a block.")
    ] = 128,
    notes: Annotated[
        int, typer.Option(metavar="N", min=10, max=5000, help="How many are played.")
    ] = 250,
    busy: Annotated[
        bool,
        typer.Option(
            "--busy", help="With the window open, its pad dragged and notes rendered all the time."
        ),
    ] = False,
    timing: TimingOption = "auto",
    cold: Annotated[
        bool, typer.Option("--cold", help="Keys for which no note was made, after 20 starts.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Measure from key to sound, through a JACK server with a dummy driver (Linux)."""
    if busy and cold:
        raise typer.BadParameter("Choose --busy or --cold.")
    with progress("Playing"):
        figures = _measure_latency(block, notes, busy, cold, checked_timing(timing))
    say_figures(figures, json_)


def _measure_latency(
    block: int, n_notes: int, busy: bool, cold: bool, timing: "Timing"
) -> dict[str, Any]:
    if cold:
        from instrument.benchmarks.cold import bench_cold

        return bench_cold(block)
    from instrument.benchmarks.latency import bench_latency as measure

    if not busy:
        from instrument import InstrumentClient

        return measure(block, n_notes, start=InstrumentClient, timing=timing)
    from instrument.benchmarks.window_player import WindowPlayer

    open_window = functools.partial(WindowPlayer, [sys.executable, "-m", "gui.exercise"])
    return measure(block, n_notes, start=open_window, begin=WindowPlayer.begin, timing=timing)


@app.command("neighbours", epilog="Example: timbrepad bench neighbours --only renderer --json")
def bench_neighbours(
    only: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help='One neighbour alone: "python", "renderer", "renderer killed" or "window killed".',
        ),
    ] = "",
    rounds: Annotated[
        int, typer.Option(metavar="N", min=2, max=50, help="Without and with each neighbour.")
    ] = 3,
    block: Annotated[
        int, typer.Option(metavar="N", min=16, max=4096, help="Frames a block.")
    ] = 128,
    json_: JsonOption = False,
) -> None:
    """Measure what a misbehaving neighbour does to timing and sound, in turns with none (Linux)."""
    from instrument.benchmarks.neighbours import NEIGHBOURS
    from instrument.benchmarks.neighbours import bench_neighbours as measure

    if only and only not in NEIGHBOURS:
        raise typer.BadParameter(f'There is no neighbour "{only}": {", ".join(NEIGHBOURS)}.')
    window = [sys.executable, "-m", "gui.exercise"]
    with progress("Playing") as update:
        figures = measure(window, (only,) if only else NEIGHBOURS, rounds, block, update)
    say_figures(figures, json_)


@app.command("recovery", epilog="Example: timbrepad bench recovery --block 64 --json")
def bench_recovery(
    block: Annotated[
        int, typer.Option(metavar="N", min=16, max=4096, help="Frames a block.")
    ] = 128,
    json_: JsonOption = False,
) -> None:
    """Measure how soon a key sounds after JACK has ended and come back at another rate (Linux)."""
    from instrument.benchmarks.recovery import bench_recovery as measure

    with progress("Recovering"):
        figures = measure(block)
    say_figures(figures, json_)


@app.command("soak", epilog="Example: timbrepad bench soak --minutes 60 --json")
def bench_soak(
    minutes: Annotated[float, typer.Option(metavar="M", min=0.1, help="Of music.")] = 60.0,
    jack: Annotated[
        bool, typer.Option("--jack", help="Through a JACK server of its own, in freewheel mode.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Play at random, densely and at full speed: what sticks, breaks or grows; no device needed."""
    from instrument.benchmarks.soak import bench_soak
    from instrument.benchmarks.soak_jack import bench_soak_jack

    measure = bench_soak_jack if jack else bench_soak
    with progress("Playing") as update:
        figures = measure(minutes, update)
    say_figures(figures, json_)


@app.command("jitter", epilog="Example: timbrepad bench jitter --json")
def bench_jitter(
    notes: Annotated[
        int, typer.Option(metavar="N", min=10, max=5000, help="Played at each block size.")
    ] = 500,
    sample_rate: Annotated[int, typer.Option(metavar="R", min=8000, max=192000)] = 48000,
    json_: JsonOption = False,
) -> None:
    """Measure how evenly notes come, offline and in both live timings; no device is needed."""
    from instrument.benchmarks.jitter import bench_jitter as measure

    with progress("Playing"):
        figures = measure(notes, sample_rate)
    say_figures(figures, json_)


@app.command("train", epilog="Example: timbrepad bench train --width mid --json")
def bench_train(
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="warm-start, timbrepad or gansynth.")
    ] = "warm-start",
    width: Annotated[
        str | None, typer.Option(help="quarter, half, mid or full; the recipe's without it.")
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="N[,N...]", help="Notes a step, or one number for each resolution."),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32 or bfloat16; the recipe's without it.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0, help="To measure each stage for.")
    ] = 10.0,
    json_: JsonOption = False,
) -> None:
    """Measure how fast a recipe trains at each stage, beside this machine's roofline.

    One worker on made-up notes; a processor should have nothing else to do.
    """
    import msgspec
    from rich.console import Console

    from train.measures.benchmark import bench_train as measure
    from train.measures.train_figures import figures_table
    from train.recipes.options import config_from_options

    try:
        config = config_from_options(
            recipe,
            None,
            None if batch is None else tuple(numbers(batch, ",", "--batch")),
            workers=1,
            width=width,
            precision=precision,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with progress("Measuring") as update:
        figures = measure(config, device=device, seconds=seconds, progress=update)
    if json_:
        say_json(msgspec.to_builtins(figures))
    else:
        Console(width=120, highlight=False).print(figures_table(figures))


@app.command("codec", epilog="Example: timbrepad bench codec notes --plots pictures")
def bench_codec(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...", help="Folders of notes, as timbrepad data soundfont makes them."
        ),
    ],
    notes: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="How many, over families, octaves and velocities."),
    ] = 528,
    representations: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="What to measure.")
    ] = "M20hn,M28hn,F,mel,linear,phase",
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; one a core by default.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Chooses the notes.")] = 0,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw all, and the worst notes of each.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Measure what representations alone do to real notes, before any network is involved."""
    from rich.console import Console

    from train.measures.codec_bench import bench_codec as measure
    from train.measures.codec_bench import report_json, report_table

    try:
        with progress("Measuring") as update:
            report, examples, measured = measure(
                data,
                n_notes=notes,
                names=representations.split(","),
                workers=workers or os.cpu_count() or 1,
                seed=seed,
                progress=update,
            )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if plots is not None:
        from train.measures.codec_pictures import draw_codecs

        draw_codecs(examples, measured, plots)
    if json_:
        say(report_json(report).decode().rstrip())
    else:
        Console(width=260, highlight=False).print(report_table(report))
