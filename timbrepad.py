"""The command line: hands each subcommand to the folder that does it.

Each command loads only what it needs, and that inside itself: `timbrepad --help` loads neither
numba nor torch nor Qt.
"""

import contextlib
import functools
import importlib.metadata
import itertools
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from instrument import ModelInfo, Preset, RecordSettings, Status, Timbre, Tuning
    from instrument.doctor import Finding
    from instrument.notes.kept_keyboards import KeptKeyboards
    from instrument.notes.matching import Match
    from instrument.options import InstrumentOptions
    from instrument.songs.offline import Encoding
    from instrument.songs.performance import BeginPerformance, PerformedEvent
    from instrument.songs.song_parts import SongPart
    from instrument.songs.song_render import Mixdown
    from instrument.values.status import Timing
    from model.config import AxisConfig
    from model.gansynth import GANSynth
    from train.preparation import Fault
    from train.progress import Progress as TrainingProgress

DONE, FAILED, WRONG_USAGE = 0, 1, 2

# The modules that define the errors whose message is meant for the player.
_ERRORS = (
    ("instrument.presets.preset", "PresetError"),
    ("instrument.values.midi_map", "MidiMapError"),
    ("instrument.engine.pool", "PoolError"),
    ("instrument.presets.models", "ModelLibraryError"),
    ("instrument.devices.audio", "DeviceError"),
    ("instrument.benchmarks.key_probe", "BenchError"),
    ("instrument.benchmarks.jack_dummy", "JackServerError"),
    ("instrument.songs.offline", "WaveError"),
    ("instrument.notes.kept_keyboards", "KeptError"),
    ("instrument.notes.renderer_client", "RendererError"),
    ("instrument.remote", "RemoteError"),
    ("instrument.export.sampled", "ExportError"),
    ("instrument.storage.folder", "FolderError"),
    ("instrument.notes.recorded_note", "RecordedNoteError"),
    ("instrument.values.scala", "TuningError"),
    ("instrument.songs.song", "SongError"),
    ("model.device", "DeviceMissingError"),
    ("model.gansynth", "ModelError"),
    ("train.evaluation.classifier", "ClassifierError"),
    ("train.evaluation.evaluate", "EvaluationError"),
    ("train.errors", "TrainingError"),
    ("train.notes", "DatasetError"),
)


class _PlayByDefault(TyperGroup):
    """Takes `timbrepad --preset X` for `timbrepad play --preset X`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "--version"}):
            args = ["play", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_PlayByDefault, add_completion=False, rich_markup_mode=None, no_args_is_help=False
)
presets_app = typer.Typer(help="Look after presets.", rich_markup_mode=None)
models_app = typer.Typer(help="Look after models.", rich_markup_mode=None)
data_app = typer.Typer(help="Make training data.", rich_markup_mode=None)
bench_app = typer.Typer(help="Measure this machine.", rich_markup_mode=None)
app.add_typer(presets_app, name="presets")
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")
app.add_typer(bench_app, name="bench")

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


def main() -> None:
    """Run the command line; ends the process with 0 (done), 1 (failed) or 2 (wrong usage)."""
    # The bases of typer.BadParameter: those of the click that this typer brings or needs.
    usage_error, click_error = cast("list[type[Any]]", typer.BadParameter.__mro__[1:3])
    try:
        status = app(standalone_mode=False)
    except usage_error as error:
        where = getattr(getattr(error, "ctx", None), "command_path", "timbrepad")
        _end(WRONG_USAGE, f"{error.format_message().rstrip('.')}. Try: {where} --help")
    except click_error as error:
        _end(FAILED, error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        _end(130, "Stopped.")
    except BrokenPipeError:  # `timbrepad ... | head` has read enough
        sys.stderr.close()
        sys.exit(DONE)
    except Exception as error:
        if not isinstance(error, _expected_errors()):
            raise
        _end(FAILED, str(error))
    sys.exit(status if isinstance(status, int) else DONE)


def _expected_errors() -> tuple[type[BaseException], ...]:
    """Give the errors that say what to do, from the modules that are loaded."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _ERRORS)
    return (OSError, *(error for error in found if error is not None))


def _end(status: int, line: str) -> NoReturn:
    print(" ".join(line.split()), file=sys.stderr)
    sys.exit(status)


def _say(line: str = "") -> None:
    print(line)


def _say_json(value: Any) -> None:
    _say(json.dumps(value, indent=2))


def _say_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        _say("  ".join(cells).rstrip())


@contextlib.contextmanager
def _progress(title: str, unit: str = "") -> Iterator[Callable[[float, float, str], None]]:
    """Show a bar on stderr; gives a function of what is done, the whole, and a word beside it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[word]}"),
    )
    if os.environ.get("TIMBREPAD_PROGRESS") == "lines":  # the window, which draws a bar of its own
        yield _say_step
        return
    console = Console(stderr=True)
    quiet = not console.is_terminal  # in a file or a pipe a bar is only empty lines
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        task = bars.add_task(title, total=None, word=unit)

        def update(done: float, total: float, word: str = "") -> None:
            bars.update(task, completed=done, total=total, word=word)

        yield update


def _say_step(done: float, total: float, word: str = "") -> None:
    sys.stderr.write(f"{done:.0f}/{total:.0f} {word}\n")
    sys.stderr.flush()


def _version(wanted: bool) -> None:
    if wanted:
        _say(f"timbrepad {importlib.metadata.version('timbrepad')}")
        raise typer.Exit


@app.callback()
def timbrepad(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Timbrepad, a neural instrument to play live. Without a command it opens the window."""


@app.command(epilog='Example: timbrepad play --preset "Cold celesta" --audio-device "Scarlett"')
def play(
    preset: PresetOption = "",
    model: ModelOption = "",
    headless: Annotated[
        bool, typer.Option("--headless", help="Play without a window, until Ctrl-C.")
    ] = False,
    audio_device: Annotated[
        str, typer.Option(metavar="D", help="Part of an output's name; see: timbrepad devices")
    ] = "",
    block: Annotated[
        int, typer.Option(metavar="N", min=16, max=4096, help="Frames a block.")
    ] = 128,
    sample_rate: Annotated[
        int, typer.Option(metavar="R", min=0, help="In Hz; 0 is the device's own.")
    ] = 0,
    timing: TimingOption = "auto",
    midi_port: Annotated[
        str, typer.Option(metavar="NAME", help='Part of an input\'s name; "*" is all of them.')
    ] = "*",
    device: DeviceOption = "auto",
    follow: Annotated[
        str,
        typer.Option(metavar="RUN", help="Open each newer model of a training run's folder."),
    ] = "",
    tuning: TuningOption = None,
    keyboard_map: KeyboardMapOption = None,
    mpe: Annotated[
        bool, typer.Option("--mpe", help="For MPE controllers that do not say that they are one.")
    ] = False,
    midi_map: Annotated[
        str,
        typer.Option(
            metavar="PROFILE",
            help="What MIDI controllers move: a profile's name or file; else as last time.",
        ),
    ] = "",
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.wav", help="With --headless: record the sound, as .wav or .flac."
        ),
    ] = None,
    record_midi: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.mid", help="With --headless: record what is played; see: render"
        ),
    ] = None,
) -> None:
    """Play: open the window, or with --headless only the instrument."""
    from instrument import AudioSettings
    from instrument.options import InstrumentOptions

    _check_names(preset, model, audio_device)
    _check_device(device)
    if follow and not Path(follow).expanduser().is_dir():
        raise typer.BadParameter(f"There is no folder {follow} to follow.")
    options = InstrumentOptions(
        preset=preset,
        model=model,
        audio=AudioSettings(audio_device, sample_rate, block, _checked_timing(timing)),
        midi_port=midi_port,
        render_device=device,
        remember=not headless,
        follow=follow and str(Path(follow).expanduser().absolute()),
        tuning=_read_tuning(tuning, keyboard_map),
        mpe=mpe,
        midi_map=_checked_midi_map(midi_map),
    )
    recorded = _record_settings(record, record_midi)
    if recorded is not None and not headless:
        raise typer.BadParameter("--record and --record-midi need --headless.")
    if headless:
        _play_headless(options, recorded)
    else:
        raise typer.Exit(_open_window(options))


def _checked_timing(timing: str) -> "Timing":
    """Refuse a timing that there is none of."""
    if timing not in {"auto", "even", "quick"}:
        raise typer.BadParameter(f'There is no timing "{timing}"; there are auto, even and quick.')
    return cast("Timing", timing)


def _record_settings(sound: Path | None, performance: Path | None) -> "RecordSettings | None":
    """Say what is to be recorded, or None; refuse a file that no format goes with."""
    from instrument import RecordSettings

    if sound is None and performance is None:
        return None
    if sound is not None and sound.suffix.lower() not in {".wav", ".flac"}:
        raise typer.BadParameter(f"{sound} must end in .wav or .flac.")
    if performance is not None and performance.suffix.lower() not in {".mid", ".midi"}:
        raise typer.BadParameter(f"{performance} must end in .mid.")
    is_flac = sound is not None and sound.suffix.lower() == ".flac"
    return RecordSettings(
        sound=sound is not None,
        performance=performance is not None,
        format="flac" if is_flac else "wav24",
        sound_path=str(sound.absolute()) if sound else "",
        performance_path=str(performance.absolute()) if performance else "",
    )


def _checked_midi_map(name: str) -> str:
    """Refuse a profile that does not exist or is damaged; a file is found from anywhere."""
    if not name:
        return ""
    from instrument.midi.midi_map_library import MidiMapLibrary

    MidiMapLibrary().load(name)
    return str(Path(name).absolute()) if Path(name).is_file() else name


def _read_tuning(scale: Path | None, keyboard_map: Path | None) -> "Tuning | None":
    if scale is None and keyboard_map is None:
        return None
    from instrument.values.scala import read_tuning

    return read_tuning(scale, keyboard_map)


def _check_names(preset: str, model: str, audio_device: str) -> None:
    """Refuse names that do not exist, before anything starts."""
    from instrument import PresetLibrary
    from instrument.presets.models import ModelLibrary

    if preset:
        PresetLibrary().load(preset)
    if model:
        ModelLibrary().find(model)
    if audio_device:
        from instrument import AudioSettings
        from instrument.devices.audio import rate_of

        rate_of(AudioSettings(device=audio_device))


def _check_device(wanted: str) -> None:
    """Refuse a device that is not there; what is always there is not looked for."""
    if wanted in {"auto", "cpu"}:
        return
    from model.device import find_device

    try:
        find_device(wanted)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _open_window(options: "InstrumentOptions") -> int:
    """Open the window; gives the exit status."""
    reason = _no_display()
    if reason:
        _end(FAILED, reason)
    from gui.app import main as open_window

    return open_window(options)


def _no_display() -> str:
    """Say why no window can be opened here, or ""; Qt itself would abort the process."""
    variables = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if not sys.platform.startswith("linux") or any(os.environ.get(name) for name in variables):
        return ""
    return (
        "There is no display to open a window on. Start Timbrepad on a desktop, or play without "
        "a window: timbrepad play --headless"
    )


def _play_headless(options: "InstrumentOptions", recorded: "RecordSettings | None") -> None:
    """Play until Ctrl-C; what the instrument has to say goes to stderr."""
    from instrument.host import SWITCH_SECONDS
    from instrument.instrument import Instrument

    sys.setswitchinterval(SWITCH_SECONDS)
    with _asked_to_stop() as stop:
        instrument = Instrument(options)
        told, heard, ready = "", 0, False
        try:
            while not stop.wait(0.1):
                status = instrument.status()
                line = _standing(status)
                if line != told:
                    told = line
                    print(line, file=sys.stderr)
                if recorded is not None and status.audio.running:
                    instrument.start_recording(recorded)
                    recorded = None
                if not ready and 0 < status.n_notes == status.n_fresh:
                    ready = True
                    print(f"All {status.n_notes} keys are ready.", file=sys.stderr)
                for notice in status.notices:
                    if notice.id > heard:
                        heard = notice.id
                        print(notice.text, file=sys.stderr)
        finally:
            instrument.close()
            for notice in instrument.status().notices:  # where the recording is
                if notice.id > heard:
                    print(notice.text, file=sys.stderr)


def _standing(status: "Status") -> str:
    """Say in a line what plays."""
    audio = status.audio
    output = (
        f"{audio.device}, {audio.sample_rate:.0f} Hz, blocks of {audio.block}"
        if audio.running
        else "no sound output"
    )
    midi = ", ".join(status.midi_inputs) or "no MIDI input"
    model = status.model.name if status.model else "no model yet"
    return f"Playing {status.preset_name or 'an unnamed sound'} ({model}) on {output}; {midi}."


@app.command(epilog="Example: timbrepad note -o c4.wav --pitch 60 --seed 7 --seconds 2")
def note(
    out: OutOption,
    pitch: Annotated[int, typer.Option(metavar="N", min=0, max=127, help="MIDI note, C4 is 60.")],
    seed: SeedOption = None,
    preset: PresetOption = "",
    z: Annotated[
        Path | None, typer.Option("--z", metavar="FILE.npy", help="Take the latent from a file.")
    ] = None,
    model: ModelOption = "",
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.01, max=600, help="How long the key is down.")
    ] = 3.0,
    velocity: Annotated[int, typer.Option(metavar="V", min=1, max=127)] = 100,
    sample_rate: Annotated[int, typer.Option(metavar="R", min=8000, max=192000)] = 48000,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="As the network makes it: the model's rate, float32, no level."),
    ] = False,
    device: DeviceOption = "auto",
    tuning: TuningOption = None,
    keyboard_map: KeyboardMapOption = None,
) -> None:
    """Write one note as a WAV file."""
    from instrument import NoteOff, NoteOn

    _check_device(device)
    sound = _Sound(preset, seed, z, model)
    if raw:
        if tuning is not None or keyboard_map is not None:
            raise typer.BadParameter("--raw excludes --tuning and --keyboard-map.")
        _write_raw_note(out, pitch, sound, device)
        return
    tuned = _read_tuning(tuning, keyboard_map)
    events: list[PerformedEvent] = [
        NoteOn(note=pitch, velocity=velocity),
        NoteOff(note=pitch, time_seconds=seconds),
    ]
    _play_offline(events, out, sound, sample_rate, device, tuning=tuned)


@app.command(
    epilog="Example: timbrepad render song.mid -o song.wav --seed 3 --instrument-seconds 5; or: "
    'timbrepad render band.mid -o band.flac --channel 1="Rubber bass" --channel 2="Bowed choir" '
    "--channel 10= --stems stems --normalise -1"
)
def render(
    song: Annotated[Path, typer.Argument(metavar="SONG.mid")],
    out: OutOption,
    preset: PresetOption = "",
    seed: SeedOption = None,
    model: ModelOption = "",
    instrument_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", min=0, help="A new random timbre every S seconds, morphed into."),
    ] = None,
    sample_rate: Annotated[
        int | None,
        typer.Option(
            metavar="R",
            min=8000,
            max=192000,
            show_default="48000",
            help="In Hz; with --like-magenta it is the model's.",
        ),
    ] = None,
    like_magenta: Annotated[
        bool,
        typer.Option(
            "--like-magenta",
            help="As Magenta's gansynth_generate does it: MIDI 36 to 84, random timbres every 6 s, "
            "each note cut off and normalised; mono, float32, at the model's rate.",
        ),
    ] = False,
    device: DeviceOption = "auto",
    tuning: TuningOption = None,
    keyboard_map: KeyboardMapOption = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N=P",
            help="The preset of channel N, 1 to 16; N= silences it. Each channel is then a part of "
            "its own, with --preset where it has none, and its program changes are its own.",
        ),
    ] = None,
    pad: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Move the pad: a text with seconds, x, y in each line."),
    ] = None,
    stems: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also each channel by itself; their sum is the mix."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace stems that a former render made.")
    ] = False,
    bits: Annotated[
        int, typer.Option(metavar="N", help="Of a sample: 16, 24, or 32 (floats; WAV only).")
    ] = 24,
    normalise: Annotated[
        float | None,
        typer.Option(metavar="DB", min=-60, max=0, help="Bring the loudest sample to this level."),
    ] = None,
) -> None:
    """Play a MIDI file into a WAV or FLAC file; controllers 16 and 17 move the pad.

    A file that was recorded with Timbrepad brings its presets, its model and its rate, and gives
    the sound that was heard.
    """
    began = time.monotonic()
    _check_device(device)
    encoding = _ENCODINGS.get(bits)
    if encoding is None:
        raise typer.BadParameter(f"--bits must be 16, 24 or 32, not {bits}.")
    if bits == 32 and out.suffix.lower() == ".flac":
        raise typer.BadParameter("--bits must be 16 or 24 for a FLAC: it holds no floats.")
    if like_magenta:
        if channel or stems or pad or normalise is not None or bits != 24:
            raise typer.BadParameter(
                "--like-magenta excludes --channel, --stems, --pad, --bits and --normalise."
            )
        if preset or sample_rate is not None or tuning is not None or keyboard_map is not None:
            raise typer.BadParameter(
                "--like-magenta excludes --preset, --sample-rate, --tuning and --keyboard-map."
            )
        sound = _Sound("", seed, None, model)
        _render_like_magenta(song, out, sound, instrument_seconds, device)
        return
    from instrument.songs.performance import BeginPerformance, UsePreset
    from instrument.songs.song import read_song

    performed = read_song(song)
    begin = performed[0] if isinstance(performed[0], BeginPerformance) else None
    mixes = bool(channel or stems) or normalise is not None
    if begin is not None and (preset or seed is not None or instrument_seconds):
        raise typer.BadParameter(
            f"{song} brings its own sound: leave out --preset, --seed and --instrument-seconds."
        )
    if begin is not None and (mixes or pad is not None):
        raise typer.BadParameter(
            f"{song} was recorded with Timbrepad and is played as it was: leave out --channel, "
            "--stems, --pad and --normalise."
        )
    sound = _Sound(preset, seed, None, model, begin)
    tuned = _read_tuning(tuning, keyboard_map)
    events = [event for event in performed if not isinstance(event, BeginPerformance | UsePreset)]
    if pad is not None:
        from instrument.songs.song_path import moves_along, read_pad_path, with_moves

        events = with_moves(events, moves_along(read_pad_path(pad)))
    if mixes:
        if instrument_seconds:
            raise typer.BadParameter(
                "--instrument-seconds excludes --channel, --stems and --normalise."
            )
        from instrument.songs.song_parts import SongPart, split_song
        from instrument.songs.song_render import Mixdown

        to = Mixdown(out, encoding, stems, force, normalise)
        of_channel = _channel_presets(channel or [])

        def split(usual: "Preset") -> list[SongPart]:
            if channel or stems:
                return split_song(events, usual, of_channel)
            return [SongPart(0, usual, tuple(events))]

        split(sound.preset(None))  # a channel that plays nothing is told before anything starts
        _play_parts(split, to, sound, sample_rate or 48000, device, tuned)
        return
    rate = sample_rate or (round(begin.sample_rate) if begin is not None else 48000)
    _play_offline(
        events if begin is None else performed,
        out,
        sound,
        rate,
        device,
        instrument_seconds or 0.0,
        tuning=tuned,
        encoding=encoding,
    )
    _say_ratio(performed[-1].time_seconds, time.monotonic() - began)


_ENCODINGS: "dict[int, Encoding]" = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}


def _channel_presets(words: Sequence[str]) -> "dict[int, Preset | None]":
    """Read the words of --channel: "3=Name", or "3=" for silence."""
    from instrument import PresetLibrary

    presets: dict[int, Preset | None] = {}
    for word in words:
        number, equals, name = word.partition("=")
        if not equals or not number.strip().isdecimal() or not 1 <= int(number) <= 16:
            raise typer.BadParameter(f'--channel must be N=PRESET, N from 1 to 16, not "{word}".')
        if int(number) - 1 in presets:
            raise typer.BadParameter(f"--channel {int(number)} is given twice.")
        presets[int(number) - 1] = PresetLibrary().load(name) if name.strip() else None
    return presets


def _preset_of_program(program: int, bank: int) -> "Preset":
    from instrument import PresetLibrary

    return PresetLibrary().load(PresetLibrary().by_program(program, bank).name)


def _play_parts(
    split: "Callable[[Preset], list[SongPart]]",
    to: "Mixdown",
    sound: "_Sound",
    sample_rate: int,
    device: str,
    tuning: "Tuning | None",
) -> None:
    """Play a song's parts one after the other and mix them, with a bar on stderr."""
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.songs.song_render import render_song

    began = time.monotonic()
    with RenderedNotes(sound.model().path, sample_rate, device=device) as notes:
        usual = sound.preset(notes.draw, has_timbres=bool(notes.timbres))
        with _progress(f"Playing into {to.out.name}") as update:
            seconds = render_song(
                split(usual),
                notes,
                to,
                sample_rate,
                preset_of_program=_preset_of_program,
                tuning=tuning,
                progress=update,
            )
    _say_ratio(seconds, time.monotonic() - began)


def _say_ratio(seconds: float, took: float) -> None:
    """Say how fast a song was made."""
    times = f"{seconds / took:.1f} times as fast as it plays"
    _notice(f"{_duration(seconds)} of music in {_duration(took)}: {times}.")


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
    _check_device(device)
    sound = _Sound(preset, None, None, model)
    chosen, info = sound.preset(None), sound.model()
    tuned = _read_tuning(tuning, keyboard_map)
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
    _notice(
        f"{plan.n_samples} notes: {_megabytes(usual)} if they sustain, up to {_megabytes(most)} if "
        "they decay slowly."
    )
    with (
        RenderedNotes(info.path, sample_rate, device=device) as notes,
        _progress(f"Recording {chosen.name}") as update,
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
        _notice(line)
    _say(f"{done.file}: {done.n_samples} notes, {_megabytes(done.n_bytes)}.")


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.0f} MB"


@app.command(
    epilog="Example: timbrepad match flute.wav -o flute.json; or: "
    "timbrepad match flute.wav --sounds compare --pitch 60 --json"
)
def match(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A single note: WAV, FLAC, OGG, MP3 or AIFF.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="OUT.json", help="A preset of the match."),
    ] = None,
    sounds: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the recording and the match, to compare by ear."),
    ] = None,
    pitch: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=127, help="What it sounds; else that is heard."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0, max=600, help="Of the search, at most.")
    ] = 12.0,
    model: ModelOption = "",
    steps: Annotated[
        bool, typer.Option("--steps", help="Print each step as a line of JSON on stderr.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Find the timbre that comes nearest to a recorded note."""
    import msgspec
    import torch

    from instrument.notes.matching import Match, Matcher
    from model.gansynth import GANSynth

    info = _Sound("", None, None, model).model()
    torch.set_num_threads(
        1
    )  # two that wait for each other take many times as long when others work
    matcher = Matcher.open(file, GANSynth.load(Path(info.path)), pitch)
    found = Match(share=0.0)
    with _progress(f"Matching {file.name}") as update:
        for step in matcher.search(seconds):
            if step.z:
                found = step
                if sounds is not None:
                    matcher.write_sounds(sounds, step.z)
            if steps:
                print(msgspec.json.encode(step).decode(), file=sys.stderr, flush=True)
            update(step.share, 1.0, f"{found.off_db:.1f} dB")
    if out is not None:
        _write_match(out, found, info, file.stem)
    if json_:
        _say_json(msgspec.to_builtins(found) | {"model": info.name, "file": str(file)})
    else:
        _say_match(found)


def _write_match(out: Path, found: "Match", info: "ModelInfo", name: str) -> None:
    """Write a preset that has a match wherever the pad is."""
    import msgspec

    from instrument import encode_preset
    from instrument.songs.offline_player import preset_of_latent
    from instrument.storage.files import write_whole

    preset = msgspec.structs.replace(
        preset_of_latent(found.z, name),
        model_name=info.name,
        model_hash=info.hash,
        latent_space=info.latent_space if info.latent_space != info.hash else "",
        notes=f"Matched to a recording: {found.off_db:.1f} dB (log-mel) from it.",
    )
    write_whole(out, encode_preset(preset))
    _notice(f"Wrote {out}")


def _say_match(found: "Match") -> None:
    from instrument.values.units import note_name

    cents = round(100 * (found.heard - round(found.heard)))
    heard = f"{note_name(round(found.heard))}{f' {cents:+d} cents' if cents else ''}"
    at = "" if round(found.heard) == found.pitch else f", compared at {note_name(found.pitch)}"
    _say(f"The recording sounds {heard}{at}.")
    _say(f"The match is {found.off_db:.1f} dB from it (log-mel), after {found.seconds:.1f} s.")
    if found.timbre_off_db is not None:
        _say(
            f'The nearest named timbre, "{found.timbre}", is {found.timbre_off_db:.1f} dB from it.'
        )


@dataclass(frozen=True)
class _Sound:
    """What the options say of the timbre: a preset, or a seed, or a file; and the model."""

    preset_name: str
    seed: int | None
    z_file: Path | None
    model_name: str
    begin: "BeginPerformance | None" = None  # of a performance, which brings its own sound

    def __post_init__(self) -> None:
        if self.seed is not None and self.z_file is not None:
            raise typer.BadParameter("--seed and --z exclude each other.")

    def preset(
        self, draw: Callable[[int], Sequence[float]] | None, *, has_timbres: bool = True
    ) -> "Preset":
        """Give the preset to begin with; a drawn timbre keeps the named preset's parameters.

        Without any wish it is the first preset, or four drawn timbres where the model has no
        named ones that could take the place of that preset's.
        """
        import msgspec

        from instrument import Preset, PresetLibrary
        from instrument.songs.offline_player import preset_of_latent

        if self.begin is not None:
            return self.begin.preset
        library = PresetLibrary()
        preset = library.load(self.preset_name) if self.preset_name else Preset()
        if self.z_file is not None:
            corners = preset_of_latent(_read_latent(self.z_file), self.z_file.stem).corners
        elif self.seed is not None and draw is not None:
            corners = preset_of_latent(draw(self.seed), f"seed {self.seed}").corners
        elif self.seed is None and not self.preset_name and not has_timbres and draw is not None:
            drawn = [
                preset_of_latent(draw(seed), f"seed {seed}").corners[0] for seed in (1, 2, 3, 4)
            ]
            corners = tuple(drawn)
        elif self.seed is None and not self.preset_name and library.list():
            return library.load(library.by_program(0).name)
        else:
            return preset
        return msgspec.structs.replace(preset, corners=corners, model_hash="")

    def begin_at(self, sample_rate: int) -> "BeginPerformance | None":
        """Give a performance's beginning where the rate is the recorded one."""
        begin = self.begin
        return begin if begin is not None and begin.sample_rate == sample_rate else None

    def model(self) -> "ModelInfo":
        """Give the model to open: the named one, else the preset's, else the first."""
        from instrument.presets.models import ModelLibrary, ModelLibraryError

        library = ModelLibrary()
        if self.model_name:
            return library.find(self.model_name)
        wanted = self.preset(None)
        for info in library.list():
            if info.hash == wanted.model_hash or info.name == wanted.model_name:
                return info
        first = library.first()
        if first is None:
            raise ModelLibraryError("There is no model. Import one: timbrepad models import FOLDER")
        return first


def _read_latent(file: Path) -> list[float]:
    import numpy as np

    try:
        z = np.load(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise typer.BadParameter(f'"{file}" is not a .npy file of numbers.') from error
    if z.dtype.kind != "f" or z.size == 0 or not np.isfinite(z).all():
        raise typer.BadParameter(f'"{file}" must hold finite floats, not {z.dtype} {z.shape}.')
    return [float(value) for value in z.ravel()]


def _play_offline(
    events: Sequence["PerformedEvent"],
    out: Path,
    sound: _Sound,
    sample_rate: int,
    device: str,
    instrument_seconds: float = 0.0,
    *,
    tuning: "Tuning | None" = None,
    encoding: "Encoding" = "PCM_24",
) -> None:
    """Play events through the engine into a file, with a bar on stderr."""
    from instrument.engine.engine import Engine
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.songs.offline import arrange, perform, wave_file
    from instrument.songs.offline_player import PresetPlayer, WalkPlayer

    model = sound.model()
    total = events[-1].time_seconds
    with (
        wave_file(out, sample_rate, encoding=encoding) as write,
        RenderedNotes(model.path, sample_rate, device=device) as notes,
    ):
        preset = sound.preset(notes.draw, has_timbres=bool(notes.timbres))
        if instrument_seconds:
            player: PresetPlayer = WalkPlayer(
                preset,
                notes.model,
                notes.timbres,
                notes.draw,
                seed=sound.seed or 0,
                step_seconds=instrument_seconds,
                tuning=tuning,
            )
        else:
            player = PresetPlayer(
                preset, notes.model, notes.timbres, _preset_of_program, tuning=tuning
            )
        pitches = range(notes.model.lowest_pitch, notes.model.highest_pitch + 1)
        moments = arrange(events, player, pitches)
        engine = Engine(sample_rate, notes.pool)
        with _progress(f"Playing into {out.name}") as update:
            perform(
                moments,
                notes,
                engine,
                sample_rate,
                write,
                lambda done: update(done, total, ""),
                begin=sound.begin_at(sample_rate),
            )
        del engine  # it reads the pool, which goes now


def _load_exactly(path: str, device: str) -> "GANSynth":
    """Open a model for what is compared with the original's: float32, on the CPU unless forced."""
    from model.device import choose_device
    from model.gansynth import GANSynth

    name = "cpu" if device == "auto" else choose_device(device).device.name
    return GANSynth.load(Path(path), name, None if name == "cpu" else "fp32")


def _write_raw_note(out: Path, pitch: int, sound: _Sound, device: str) -> None:
    """Write a note as the network makes it."""
    import torch

    from instrument.notes.renderer import place_latent
    from instrument.songs.offline import wave_file
    from instrument.songs.offline_player import PresetPlayer

    info = sound.model()
    gansynth = _load_exactly(info.path, device)
    if pitch not in gansynth.pitches:
        raise typer.BadParameter(
            f"--pitch must be {info.lowest_pitch}..{info.highest_pitch} with "
            f'"{info.name}", not {pitch}.'
        )
    preset = sound.preset(
        lambda seed: gansynth.draw(seed).tolist(), has_timbres=bool(gansynth.timbres)
    )
    target = PresetPlayer(preset, info, _timbres(gansynth)).target(0.0)
    z = place_latent(gansynth, target.latents, target.weights, target.leaning)
    wave = gansynth.generate(z[None], torch.tensor([pitch]))[0].numpy()
    with wave_file(out, gansynth.sample_rate, n_channels=1, encoding="FLOAT") as write:
        write(wave[:, None])


def _render_like_magenta(
    song: Path, out: Path, sound: _Sound, instrument_seconds: float | None, device: str
) -> None:
    """Render a song as the original GANSynth does."""
    import numpy as np
    import torch

    from instrument.songs import gansynth_clip
    from instrument.songs.offline import wave_file
    from instrument.songs.song import SongError
    from instrument.songs.song_notes import read_notes

    step = gansynth_clip.INSTRUMENT_SECONDS if instrument_seconds is None else instrument_seconds
    seed = sound.seed or 0
    if step < 0.1 or not 0 <= seed < 1 << 32:
        raise typer.BadParameter(
            "--like-magenta takes --instrument-seconds 0.1 or more, --seed 0 to 4294967295."
        )
    listed = read_notes(song)
    gansynth = _load_exactly(sound.model().path, device)
    notes = gansynth_clip.playable_notes(listed, gansynth.pitches)
    if not notes:
        raise SongError(f'"{song}" has no notes that GANSynth plays: MIDI 36 to 84.')
    if len(notes) < len(listed):
        left_out = len(listed) - len(notes)
        print(
            f"{left_out} of {len(listed)} notes lie outside MIDI 36 to 84 and are left out.",
            file=sys.stderr,
        )
    times = gansynth_clip.instrument_times(notes[-1].end_seconds, step)
    if gansynth.config.prior == "gaussian":
        drawn = gansynth_clip.draw_gaussian(len(times), gansynth.latent_size, seed)
    else:  # between its named timbres, where its latents lie
        drawn = np.stack([gansynth.draw(seed + i) for i in range(len(times))]).astype(np.float64)
    starts = [note.start_seconds for note in notes]
    latents = torch.from_numpy(gansynth_clip.note_latents(starts, drawn, times)).float()

    def waves() -> Iterator[Any]:
        for note, z in zip(notes, latents, strict=True):
            yield gansynth.generate(z[None], torch.tensor([note.pitch]))[0].numpy()

    rate = gansynth.sample_rate
    with wave_file(out, rate, n_channels=1, encoding="FLOAT") as write:
        with _progress(f"Rendering into {out.name}") as update:
            clip = gansynth_clip.combine(notes, waves(), rate, update)
        write(clip[:, None])


def _timbres(gansynth: "GANSynth") -> "list[Timbre]":
    from instrument import Timbre

    return [
        Timbre(name=timbre.name, family=timbre.family, z=tuple(z))
        for timbre, z in zip(gansynth.timbres, gansynth.latents.tolist(), strict=True)
    ]


@presets_app.command("list", epilog="Example: timbrepad presets list --json")
def presets_list(json_: JsonOption = False) -> None:
    """List the presets in the order of their program numbers."""
    import msgspec

    from instrument import PresetLibrary

    entries = PresetLibrary().list()
    if json_:
        _say_json([msgspec.to_builtins(entry) for entry in entries])
        return
    _say_table(
        [
            (str(program), entry.name, ", ".join(entry.tags), entry.problem or entry.model_name)
            for program, entry in enumerate(entries)
        ]
    )


@presets_app.command("show", epilog='Example: timbrepad presets show "Cold celesta"')
def presets_show(name: Annotated[str, typer.Argument(metavar="PRESET")]) -> None:
    """Print a preset as JSON."""
    from instrument import PresetLibrary
    from instrument.presets.preset import encode_preset

    _say(encode_preset(PresetLibrary().load(name)).decode().rstrip())


@presets_app.command("import", epilog="Example: timbrepad presets import friend.json pack.zip")
def presets_import(files: Annotated[list[Path], typer.Argument(metavar="FILE...")]) -> None:
    """Copy preset files and packs (.zip) into your own folder; of a pack all presets or none."""
    from instrument import PACK_SUFFIX, PresetLibrary

    library = PresetLibrary()
    for file in files:
        is_pack = file.suffix.lower() == PACK_SUFFIX
        entries = library.import_pack(file) if is_pack else (library.import_file(file),)
        for entry in entries:
            _say(f'Imported "{entry.name}" as {entry.path}')
        if not entries:
            _say(f"All presets of {file} were here already")


@presets_app.command("pack", epilog='Example: timbrepad presets pack mine.zip "Cold celesta"')
def presets_pack(
    destination: Annotated[Path, typer.Argument(metavar="FILE.zip")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="PRESET", help="None: all of your own.")
    ] = None,
) -> None:
    """Write presets into one zip file, to share them."""
    from instrument import PresetLibrary

    _say(f"Wrote {PresetLibrary().export_pack(names or [], destination)}")


@presets_app.command("export", epilog='Example: timbrepad presets export "Cold celesta" c.json')
def presets_export(
    name: Annotated[str, typer.Argument(metavar="PRESET")],
    destination: Annotated[Path, typer.Argument(metavar="FILE_OR_FOLDER")],
) -> None:
    """Copy a preset into a file of its own."""
    from instrument import PresetLibrary

    _say(f"Wrote {PresetLibrary().export_file(name, destination)}")


@presets_app.command(
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
        _say(f'"{name}" is rendered anew from now on.')
    else:
        _keep_preset(keyboards, name, grid, sample_rate, model, device)


def _list_kept(keyboards: "KeptKeyboards", json_: bool) -> None:
    kept = keyboards.list()
    if json_:
        rows = [(one.preset, one.model, one.sample_rate, len(one.places)) for one in kept]
        names = ("preset", "model", "sample_rate", "keyboards")
        _say_json([dict(zip(names, row, strict=True)) for row in rows])
    elif kept:
        _say_table(
            [(one.preset, f"{len(one.places)} kept", f"{one.sample_rate:.0f} Hz") for one in kept]
        )


def _keep_preset(
    keyboards: "KeptKeyboards", name: str, grid: int, sample_rate: int, model: str, device: str
) -> None:
    from instrument import MovePad
    from instrument.notes.offline_notes import RenderedNotes
    from instrument.presets.models import read_timbres
    from instrument.songs.offline_player import PresetPlayer

    _check_device(device)
    sound = _Sound(name, None, None, model)
    preset, info = sound.preset(None), sound.model()
    player = PresetPlayer(preset, info, read_timbres(info))
    targets = [player.target(0.0)]
    for x, y in itertools.product(range(grid), repeat=2) if grid > 1 else ():
        player.play(MovePad(x=x / (grid - 1), y=y / (grid - 1)))
        targets.append(player.target(0.0))
    pitches = range(info.lowest_pitch, info.highest_pitch + 1)
    with (
        RenderedNotes(info.path, sample_rate, device=device) as notes,
        _progress(f"Rendering {preset.name}") as update,
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
    _say(f'"{preset.name}" is kept at {sample_rate} Hz: {_megabytes(n_bytes)} in {folder}')


@models_app.command("list", epilog="Example: timbrepad models list --json")
def models_list(json_: JsonOption = False) -> None:
    """List the models that can be opened."""
    import msgspec

    from instrument.presets.models import ModelLibrary

    infos = ModelLibrary().list()
    if json_:
        _say_json([msgspec.to_builtins(info) for info in infos])
        return
    _say_table(
        [
            (info.name, f"{info.n_timbres} timbres", f"{info.sample_rate} Hz", info.path)
            for info in infos
        ]
    )


@models_app.command("info", epilog="Example: timbrepad models info Draft --json")
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
        _say_json(msgspec.to_builtins(info) | {"config": msgspec.to_builtins(config)})
        return
    _say_table(
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


@models_app.command(
    "import", epilog="Example: timbrepad models import acoustic_only --name Acoustic"
)
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
    import tempfile

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
            with _progress("Importing") as update:
                imported = import_checkpoint(source, folder, name, update)
            origin, remarks = imported.origin, imported.remarks
        check_sound(folder)
        info = library.import_folder(folder, name)
    if json_:
        _say_json(msgspec.to_builtins(info) | {"origin": origin, "remarks": remarks})
        return
    for remark in remarks:
        print(remark, file=sys.stderr)
    _say(f'Imported "{info.name}" into {info.path}')


@models_app.command("measure", epilog="Example: timbrepad models measure runs/first/model")
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
    from train.axes import keep_axes, measure_axes

    folder = Path(ModelLibrary().find(name).path)
    with _progress("Measuring") as update:
        axes, directions = measure_axes(GANSynth.load(folder), progress=update)
    keep_axes(folder, axes, directions)
    if json_:
        _say_json(msgspec.to_builtins(axes))
        return
    _say_table([("axis", "from", "to", "correlation", "agreement"), *map(_axis_row, axes)])


def _axis_row(axis: "AxisConfig") -> tuple[str, ...]:
    """Say of an axis of a model what is known."""
    numbers = (f"{axis.correlation:.2f}", f"{axis.agreement:.0%}")
    return axis.name, axis.low, axis.high, *numbers


@models_app.command("remove", epilog='Example: timbrepad models remove "My model"')
def models_remove(name: Annotated[str, typer.Argument(metavar="MODEL")]) -> None:
    """Delete one of your own models."""
    from instrument.presets.models import ModelLibrary

    _say(f'Removed "{ModelLibrary().remove(name).name}"')


@data_app.command(
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
    from train.soundfont import render_soundfonts

    low, high = _numbers(pitches, "-", "--pitches", n_numbers=2)
    with _pace(destination) as pace, _progress("Rendering") as update:
        report = render_soundfonts(
            fonts,
            destination,
            sample_rate=sample_rate,
            pitches=range(low, high + 1),
            velocities=_numbers(velocities, ",", "--velocities"),
            in_tune_only=in_tune_only,
            n_notes=notes,
            workers=workers,
            progress=update,
        )
    _say(
        f"{report.n_notes} notes of {report.n_presets} presets are in {destination}"
        f"{pace(report.n_notes)}; left out: {len(report.dropped)} presets, "
        f"{report.n_silent} silent notes, {report.n_duplicates} duplicates."
    )
    for dropped in report.dropped:
        _say(f"  {dropped.bank}:{dropped.program} {dropped.name}: {dropped.reason}")


@contextlib.contextmanager
def _pace(destination: Path) -> Iterator[Callable[[int], str]]:
    """Give a function that tells how fast notes were made, unless some were made before."""
    is_new = not (destination / "preparation.json").exists()
    start = time.monotonic()

    def tell(n_notes: int) -> str:
        seconds = time.monotonic() - start
        return f" after {seconds:.1f} s, {n_notes / seconds:.1f} notes/s" if is_new else ""

    yield tell


@data_app.command(
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
    from train.recordings import RecordingSettings, prepare_recordings

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
    with _pace(destination) as pace, _progress("Cutting") as update:
        report = prepare_recordings(source, destination, settings, workers=workers, progress=update)
    status = _say_faults(report.faults)
    _say(
        f"{report.n_notes} notes of {report.n_instruments} instruments, from {report.n_files} "
        f"files, are in {destination}{pace(report.n_notes)}."
    )
    for line in report.advice:
        _say(line)
    raise typer.Exit(status)


_NAMED_FAULTS = 100


def _say_faults(faults: "Sequence[Fault]") -> int:
    """Print a line a fault on stderr; gives the exit status: 1 if anything was left out."""
    for fault in faults[:_NAMED_FAULTS]:
        print(fault.text, file=sys.stderr)
    if len(faults) > _NAMED_FAULTS:
        more = len(faults) - _NAMED_FAULTS
        print(f"{more} more lines are in the data set's preparation.json.", file=sys.stderr)
    return FAILED if any(fault.left_out for fault in faults) else DONE


@data_app.command("nsynth", epilog="Example: timbrepad data nsynth ~/nsynth notes --yes")
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
    from train.nsynth import prepare_nsynth, select_notes
    from train.nsynth_filter import Filters

    low, high = _numbers(pitches, "-", "--pitches", n_numbers=2)
    try:
        filters = Filters(
            sources=tuple(sources.split(",")),
            lowest=low,
            highest=high,
            velocities=tuple(_numbers(velocities, ",", "--velocities")) if velocities else None,
            families=tuple(families.split(",")) if families else None,
            split=cast("Any", split),
            split_of=cast("Any", split_of),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with _progress("Reading the lists"):
        selection = select_notes(source, filters, splits)
    for line in selection.census.lines():
        _say(line)
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("There is nobody to ask. Add --yes if these are the notes.")
        typer.confirm(f"Take these {selection.census.n_kept:,} notes?", default=True, abort=True)
    with _pace(destination) as pace, _progress("Taking") as update:
        report = prepare_nsynth(
            selection, destination, sample_rate=sample_rate, workers=workers, progress=update
        )
    status = _say_faults(report.faults)
    _say(f"{report.n_notes} notes are in {destination}{pace(report.n_notes)}.")
    raise typer.Exit(status)


@data_app.command("check", epilog="Example: timbrepad data check notes --plot coverage.png")
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

    from train.data_doctor import examine_data
    from train.data_report import report_lines

    with _progress("Measuring") as update:
        report = examine_data(
            data, n_notes=None if all_ else notes, workers=workers, progress=update
        )
    if plot is not None:
        from train.coverage_picture import draw_coverage

        draw_coverage(report, plot)
    if json_:
        _say(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        for line in report_lines(report):
            _say(line)
    if report.verdict == "not yet":
        raise typer.Exit(FAILED)


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
    from train.group import default_workers
    from train.options import config_from_options
    from train.session import Stretch
    from train.session import train as train_model

    try:
        config = config_from_options(
            recipe,
            begin_with,
            None if batch is None else tuple(_numbers(batch, ",", "--batch")),
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
        _progress("Preparing") as prepare,
        _training_progress(config.examples, quiet=not first) as tell,
        _asked_to_stop() as stop,
    ):
        model, complete = train_model(
            data,
            run,
            config,
            stretch=stretch,
            info=info,
            on_prepare=prepare,
            on_progress=tell,
            on_notice=_notice,
            should_stop=stop.is_set,
        )
    if not first:
        return
    _say(f"The model is in {model}.")
    if not complete:
        _say("The run was stopped before its end; the same command goes on with it.")


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
            left = "" if at.seconds_left is None else f", {_duration(at.seconds_left)} left"
            losses = " ".join(f"{name} {value:.3f}" for name, value in at.losses.items())
            word = f"{at.examples_per_second:.1f} notes/s{left}  {losses}"
            bars.update(task, completed=at.examples_seen, stage=at.stage, word=word)
            if not quiet and not console.is_terminal and time.monotonic() >= next_line:
                next_line = time.monotonic() + 60
                _notice(f"{at.examples_seen} of {n_examples} notes, stage {at.stage}, {word}")

        yield tell


def _duration(seconds: float) -> str:
    """Say a time in two units: "3 h 05 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _notice(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Give what is set by Ctrl-C or a polite kill, for work that stops at a good place.

    The second one ends it at once.
    """
    asked = threading.Event()
    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    former = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    def ask(*_: object) -> None:
        asked.set()
        restore()

    for number in numbers:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        restore()


def _numbers(text: str, separator: str, option: str, n_numbers: int | None = None) -> list[int]:
    """Read whole numbers between separators; anything else is wrong usage."""
    try:
        numbers = [int(part) for part in text.split(separator)]
    except ValueError:
        numbers = []
    if not numbers or (n_numbers is not None and len(numbers) != n_numbers):
        raise typer.BadParameter(f'"{text}" is not what {option} takes.')
    return numbers


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
    with _progress("Evaluating") as update:
        report = evaluate_model(folder, data, evaluation_folder(), options, update)
        if page is not None:
            write_page(page, report, folder, data, update)
    if json_:
        print(report_json(report).decode(), end="")
    else:
        Console().print(report_table(report))
        if page is not None:
            _say(f"{page / 'index.html'} shows and plays it.")


@app.command(epilog="Example: timbrepad devices --json")
def devices(json_: JsonOption = False) -> None:
    """List the sound outputs, the MIDI inputs and what can make notes."""
    import msgspec

    from instrument.devices.audio import list_outputs
    from instrument.midi.midi import MidiInputs
    from model.device import choose_device, list_devices

    outputs = list_outputs()
    midi = MidiInputs(lambda _: None)
    midi.poll()
    inputs = midi.ports()
    midi.close()
    renderers = list_devices()
    choice = choose_device("auto", renderers)
    chosen = {device.name: choice.reason for device in renderers if device == choice.device}
    if json_:
        rendering = [
            {
                "name": device.name,
                "device": device.words,
                "is_chosen": device.name in chosen,
                "reason": chosen.get(device.name, ""),
            }
            for device in renderers
        ]
        listed = [msgspec.to_builtins(output) for output in outputs]
        _say_json({"outputs": listed, "midi": inputs, "renderers": rendering})
        return
    rows = [
        (
            "output",
            output.name,
            output.host_api,
            f"{output.n_channels} channels, {output.sample_rate:.0f} Hz",
            "default" if output.is_default else "",
        )
        for output in outputs
    ]
    rows += [("MIDI", name, "", "", "") for name in inputs]
    rows += [
        (
            "renderer",
            device.name,
            device.words,
            chosen.get(device.name, ""),
            "chosen" if device.name in chosen else "",
        )
        for device in renderers
    ]
    _say_table(rows)
    if not outputs:
        _say("There is no sound output. Try: timbrepad doctor")
    if not inputs:
        _say("There is no MIDI input.")


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
            print(f"{mark}{finding.subject}: {finding.text}", flush=True)
    if json_:
        _say_json([msgspec.to_builtins(finding) for finding in findings])
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(FAILED)


def _examine_training() -> "Iterator[Finding]":
    """Look at what only rendering and training use."""
    import torch

    from instrument.doctor import Finding
    from model.device import NO_GPU, choose_device
    from train.fluidsynth import library_version
    from train.notes import DatasetError

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


@bench_app.command("render", epilog="Example: timbrepad bench render --json")
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
    _check_device(device)
    with tempfile.TemporaryDirectory(prefix="timbrepad-bench-") as folder:
        path = _write_published(folder) if published else _Sound("", None, None, model).model().path
        with _progress("Rendering"):
            figures = measure(path, threads or min(os.cpu_count() or 1, 4), device)
    _say_figures(figures, json_)


@bench_app.command("endless", epilog="Example: timbrepad bench endless --json")
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

    _check_device(device)
    path = _Sound("", None, None, model).model().path
    with _progress("Holding") as update:
        figures = measure(
            path,
            timbres,
            seconds,
            device=device,
            waves=waves,
            on_note=lambda done, total: update(done, total, ""),
        )
    _say_figures(figures, json_)


@bench_app.command("morph", epilog="Example: timbrepad bench morph --json")
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

    _check_device(device)
    path = _Sound("", None, None, model).model().path
    with _progress("Morphing") as update:
        figures = measure(
            path,
            pairs,
            device=device,
            threads=threads or None,
            n_moves=moves,
            onward=onward,
            on_note=lambda done, total: update(done, total, ""),
        )
    _say_figures(figures, json_)


@bench_app.command("precision", epilog="Example: timbrepad bench precision --device cuda")
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
    from train.precision_bench import bench_precision as measure
    from train.precision_bench import report_json, report_table

    _check_device(device)
    path = Path(_Sound("", None, None, model).model().path)
    chosen = choose_device(device).device
    with _progress("Comparing") as update:
        report = measure(path, chosen.name, n_timbres=timbres, on_progress=update)
    if json_:
        print(report_json(report).decode(), end="")
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


@bench_app.command("engine", epilog="Example: timbrepad bench engine --block 128 --json")
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
    with _progress("Playing"):
        figures = measure(block, sample_rate)
        if peer:
            figures["peer"] = _beside_fluidsynth(block, sample_rate)
    _say_figures(figures, json_)


def _beside_fluidsynth(block: int, sample_rate: int) -> dict[str, Any]:
    from instrument.benchmarks.engine import (
        PARAMETERS,
        RESONANCE_DB,
        TYPICAL_VOICES,
        bench_beside,
    )
    from instrument.benchmarks.font import write_tone_font
    from train.fluidsynth_voices import fluidsynth_voices

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


@bench_app.command("window", epilog="Example: timbrepad bench window --size 1440x900 --json")
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
    with _progress("Playing"):
        figures = measure(seconds, (int(width), int(height)))
    _say_figures(figures, json_)


@bench_app.command("latency", epilog="Example: timbrepad bench latency --busy --json")
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
    with _progress("Playing"):
        figures = _measure_latency(block, notes, busy, cold, _checked_timing(timing))
    _say_figures(figures, json_)


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


@bench_app.command(
    "neighbours", epilog="Example: timbrepad bench neighbours --only renderer --json"
)
def bench_neighbours(
    only: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help='One neighbour alone: "python", "renderer", "renderer killed" or "window killed".',
        ),
    ] = "",
    rounds: Annotated[
        int, typer.Option(metavar="N", min=1, max=50, help="Without and with each neighbour.")
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
    with _progress("Playing") as update:
        figures = measure(window, (only,) if only else NEIGHBOURS, rounds, block, update)
    _say_figures(figures, json_)


@bench_app.command("recovery", epilog="Example: timbrepad bench recovery --block 64 --json")
def bench_recovery(
    block: Annotated[
        int, typer.Option(metavar="N", min=16, max=4096, help="Frames a block.")
    ] = 128,
    json_: JsonOption = False,
) -> None:
    """Measure how soon a key sounds after JACK has ended and come back at another rate (Linux)."""
    from instrument.benchmarks.recovery import bench_recovery as measure

    with _progress("Recovering"):
        figures = measure(block)
    _say_figures(figures, json_)


@bench_app.command("soak", epilog="Example: timbrepad bench soak --minutes 60 --json")
def bench_soak(
    minutes: Annotated[float, typer.Option(metavar="M", min=0.1, help="Of music.")] = 60.0,
    json_: JsonOption = False,
) -> None:
    """Play at random, densely and at full speed: what sticks, breaks or grows; no device needed."""
    from instrument.benchmarks.soak import bench_soak as measure

    with _progress("Playing") as update:
        figures = measure(minutes, update)
    _say_figures(figures, json_)


@bench_app.command("jitter", epilog="Example: timbrepad bench jitter --json")
def bench_jitter(
    notes: Annotated[
        int, typer.Option(metavar="N", min=10, max=5000, help="Played at each block size.")
    ] = 500,
    sample_rate: Annotated[int, typer.Option(metavar="R", min=8000, max=192000)] = 48000,
    json_: JsonOption = False,
) -> None:
    """Measure how evenly notes come, offline and in both live timings; no device is needed."""
    from instrument.benchmarks.jitter import bench_jitter as measure

    with _progress("Playing"):
        figures = measure(notes, sample_rate)
    _say_figures(figures, json_)


@bench_app.command("train", epilog="Example: timbrepad bench train --width mid --json")
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

    from train.benchmark import bench_train as measure
    from train.options import config_from_options
    from train.train_figures import figures_table

    try:
        config = config_from_options(
            recipe,
            None,
            None if batch is None else tuple(_numbers(batch, ",", "--batch")),
            workers=1,
            width=width,
            precision=precision,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with _progress("Measuring") as update:
        figures = measure(config, device=device, seconds=seconds, progress=update)
    if json_:
        _say_json(msgspec.to_builtins(figures))
    else:
        Console(width=120, highlight=False).print(figures_table(figures))


@bench_app.command("codec", epilog="Example: timbrepad bench codec notes --plots pictures")
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

    from train.codec_bench import bench_codec as measure
    from train.codec_bench import report_json, report_table

    try:
        with _progress("Measuring") as update:
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
        from train.codec_pictures import draw_codecs

        draw_codecs(examples, measured, plots)
    if json_:
        print(report_json(report).decode(), end="")
    else:
        Console(width=260, highlight=False).print(report_table(report))


def _say_figures(figures: dict[str, Any], json_: bool) -> None:
    if json_:
        _say_json(figures)
    else:
        _say_table([(name, json.dumps(value)) for name, value in figures.items()])


if __name__ == "__main__":
    main()
