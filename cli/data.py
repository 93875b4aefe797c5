"""`timbrepad data`: notes to train with."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from .console import DONE, FAILED, notice, numbers, progress, say
from .options import JsonOption

if TYPE_CHECKING:
    from train.datasets.preparation import Fault

app = typer.Typer(help="Make training data.", rich_markup_mode=None)


@app.command(
    "soundfont", epilog="Example: timbrepad data soundfont FluidR3_GM.sf2 notes --velocities 60,110"
)
def data_soundfont(
    fonts: Annotated[list[Path], typer.Argument(metavar="FONT.sf2", show_default=False)],
    destination: Annotated[Path, typer.Argument(metavar="DEST")],
    sample_rate: Annotated[int, typer.Option(metavar="R", help="8000 to 48000 Hz.")] = 32000,
    pitches: Annotated[
        str, typer.Option(metavar="LOW-HIGH", help="MIDI notes, both included.")
    ] = "24-84",
    velocities: Annotated[str, typer.Option(metavar="V,V", help="1 to 127 each.")] = "100",
    in_tune_only: Annotated[
        bool, typer.Option("--in-tune-only", help="Leave out presets that sound another pitch.")
    ] = False,
    notes: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Only N, spread over families, octaves and velocities."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; one a core by default.")
    ] = None,
) -> None:
    """Render the presets of SoundFonts into a folder of training notes, in NSynth's layout."""
    from train.datasets.soundfont import render_soundfonts

    low, high = numbers(pitches, "-", "--pitches", n_numbers=2)
    with _pace(destination) as pace, progress("Rendering") as update:
        report = render_soundfonts(
            fonts,
            destination,
            sample_rate=sample_rate,
            pitches=range(low, high + 1),
            velocities=numbers(velocities, ",", "--velocities"),
            in_tune_only=in_tune_only,
            n_notes=notes,
            workers=workers,
            progress=update,
        )
    say(
        f"{report.n_notes} notes of {report.n_presets} presets are in {destination}"
        f"{pace(report.n_notes)}; left out: {len(report.dropped)} presets, "
        f"{report.n_silent} silent notes, {report.n_duplicates} duplicates."
    )
    for dropped in report.dropped:
        say(f"  {dropped.bank}:{dropped.program} {dropped.name}: {dropped.reason}")


@contextlib.contextmanager
def _pace(destination: Path) -> Iterator[Callable[[int], str]]:
    """Give a function that tells how fast notes were made, unless some were made before."""
    is_new = not (destination / "preparation.json").exists()
    start = time.monotonic()

    def tell(n_notes: int) -> str:
        seconds = time.monotonic() - start
        return f" after {seconds:.1f} s, {n_notes / seconds:.1f} notes/s" if is_new else ""

    yield tell


@app.command(
    "folder", epilog="Example: timbrepad data folder ~/cello notes --middle-c C3 --family string"
)
def data_folder(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder of recordings.")],
    destination: Annotated[Path, typer.Argument(metavar="DEST")],
    sample_rate: Annotated[int, typer.Option(metavar="R", help="8000 to 192000 Hz.")] = 32000,
    trust: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="name, sound or neither: what counts when a name and a sound disagree.",
        ),
    ] = "name",
    middle_c: Annotated[
        str, typer.Option(metavar="C", help="What the names call MIDI note 60: C3, C4 or C5.")
    ] = "C4",
    german: Annotated[
        bool, typer.Option("--german", help="In the names H is B natural, and B is B flat.")
    ] = False,
    instrument: Annotated[
        str,
        typer.Option(
            metavar="FROM",
            help="folder, file or auto (folder, else file): whose name is the instrument's.",
        ),
    ] = "auto",
    family: Annotated[
        str | None,
        typer.Option(
            metavar="F", help="NSynth's family of all of it; else by the words of the name."
        ),
    ] = None,
    source_kind: Annotated[
        str, typer.Option("--source", metavar="S", help="acoustic, electronic or synthetic.")
    ] = "acoustic",
    velocity: Annotated[
        int, typer.Option(metavar="V", min=1, max=127, help="Where the name says none.")
    ] = 100,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; one a core by default.")
    ] = None,
) -> None:
    """Make training notes of a folder of your own recordings.

    Of any rate, length and format (WAV, AIFF, FLAC, OGG, MP3); long takes are cut into notes.
    Pitch and velocity come from the names, as in cello_C#4_mf.wav, 012-060-100.wav or
    piano_A3_v90.flac; without one the pitch is heard. 1 if a file had to be left out.
    """
    from train.datasets.recordings import RecordingSettings, prepare_recordings

    octave = {"C3": 3, "C4": 4, "C5": 5}.get(middle_c.upper())
    if octave is None:
        raise typer.BadParameter(f'"{middle_c}" is not what --middle-c takes: C3, C4 or C5.')
    try:
        settings = RecordingSettings(
            sample_rate=sample_rate,
            trust=cast("Any", trust),
            middle_c=octave,
            german=german,
            named_by=cast("Any", instrument),
            family=family,
            source=cast("Any", source_kind),
            velocity=velocity,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with _pace(destination) as pace, progress("Cutting") as update:
        report = prepare_recordings(source, destination, settings, workers=workers, progress=update)
    status = _say_faults(report.faults)
    say(
        f"{report.n_notes} notes of {report.n_instruments} instruments, from {report.n_files} "
        f"files, are in {destination}{pace(report.n_notes)}."
    )
    for line in report.advice:
        say(line)
    raise typer.Exit(status)


_NAMED_FAULTS = 100


def _say_faults(faults: "Sequence[Fault]") -> int:
    """Print a line a fault on stderr; gives the exit status: 1 if anything was left out."""
    for fault in faults[:_NAMED_FAULTS]:
        notice(fault.text)
    if len(faults) > _NAMED_FAULTS:
        more = len(faults) - _NAMED_FAULTS
        notice(f"{more} more lines are in the data set's preparation.json.")
    return FAILED if any(fault.left_out for fault in faults) else DONE


@app.command("nsynth", epilog="Example: timbrepad data nsynth ~/nsynth notes --yes")
def data_nsynth(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SRC", help="The json/wav download: its folder, unpacked or not, or a .tar.gz."
        ),
    ],
    destination: Annotated[Path, typer.Argument(metavar="DEST")],
    sources: Annotated[
        str, typer.Option(metavar="S,S", help="acoustic, electronic, synthetic.")
    ] = "acoustic",
    pitches: Annotated[
        str, typer.Option(metavar="LOW-HIGH", help="MIDI notes, both included.")
    ] = "24-84",
    velocities: Annotated[
        str, typer.Option(metavar="V,V", help="Some of 25, 50, 75, 100, 127.", show_default="all")
    ] = "",
    families: Annotated[
        str, typer.Option(metavar="F,F", help="Such as flute,brass.", show_default="all")
    ] = "",
    split: Annotated[str, typer.Option(metavar="S", help="train, valid, test or all.")] = "train",
    split_of: Annotated[
        str,
        typer.Option(
            metavar="WHOSE", help="paper (GANSynth's own split) or nsynth (the folders')."
        ),
    ] = "paper",
    splits: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="The paper's list; found by itself beside the download."
        ),
    ] = None,
    sample_rate: Annotated[
        int, typer.Option(metavar="R", help="8000 to 192000 Hz; at 16000 nothing is changed.")
    ] = 16000,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; one a core by default.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Begin without a question.")] = False,
) -> None:
    """Take notes of NSynth: those GANSynth was trained on, or others.

    What the filters take is printed first, and nothing is written before you agree. 1 if a
    file had to be left out.
    """
    from train.datasets.nsynth import prepare_nsynth, select_notes
    from train.datasets.nsynth_filter import Filters

    low, high = numbers(pitches, "-", "--pitches", n_numbers=2)
    try:
        filters = Filters(
            sources=tuple(sources.split(",")),
            lowest=low,
            highest=high,
            velocities=tuple(numbers(velocities, ",", "--velocities")) if velocities else None,
            families=tuple(families.split(",")) if families else None,
            split=cast("Any", split),
            split_of=cast("Any", split_of),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with progress("Reading the lists"):
        selection = select_notes(source, filters, splits)
    for line in selection.census.lines():
        say(line)
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("There is nobody to ask. Add --yes if these are the notes.")
        typer.confirm(f"Take these {selection.census.n_kept:,} notes?", default=True, abort=True)
    with _pace(destination) as pace, progress("Taking") as update:
        report = prepare_nsynth(
            selection, destination, sample_rate=sample_rate, workers=workers, progress=update
        )
    status = _say_faults(report.faults)
    say(f"{report.n_notes} notes are in {destination}{pace(report.n_notes)}.")
    raise typer.Exit(status)


@app.command("check", epilog="Example: timbrepad data check notes --plot coverage.png")
def data_check(
    data: Annotated[Path, typer.Argument(metavar="DEST", help="Notes, in NSynth's layout.")],
    notes: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many to measure, of all kinds alike.")
    ] = 1000,
    all_: Annotated[bool, typer.Option("--all", help="Measure every note.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the pitches of each instrument.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; one a core by default.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Look over training notes and say what is fine and what to do; 1 if they won't do yet."""
    import msgspec

    from train.doctor.data_doctor import examine_data
    from train.doctor.data_report import report_lines

    with progress("Measuring") as update:
        report = examine_data(
            data, n_notes=None if all_ else notes, workers=workers, progress=update
        )
    if plot is not None:
        from train.doctor.coverage_picture import draw_coverage

        draw_coverage(report, plot)
    if json_:
        say(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        for line in report_lines(report):
            say(line)
    if report.verdict == "not yet":
        raise typer.Exit(FAILED)
