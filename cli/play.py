"""`timbrepad play`: the instrument, with its window or without."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import FAILED, asked_to_stop, end, notice
from .options import (
    DeviceOption,
    KeyboardMapOption,
    ModelOption,
    PresetOption,
    TimingOption,
    TuningOption,
    check_device,
    checked_timing,
    read_tuning,
)

if TYPE_CHECKING:
    from instrument import RecordSettings, Status
    from instrument.options import InstrumentOptions

app = typer.Typer(rich_markup_mode=None)


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
    check_device(device)
    if follow and not Path(follow).expanduser().is_dir():
        raise typer.BadParameter(f"There is no folder {follow} to follow.")
    options = InstrumentOptions(
        preset=preset,
        model=model,
        audio=AudioSettings(audio_device, sample_rate, block, checked_timing(timing)),
        midi_port=midi_port,
        render_device=device,
        remember=not headless,
        follow=follow and str(Path(follow).expanduser().absolute()),
        tuning=read_tuning(tuning, keyboard_map),
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


def _open_window(options: "InstrumentOptions") -> int:
    """Open the window; gives the exit status."""
    reason = _no_display()
    if reason:
        end(FAILED, reason)
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
    with asked_to_stop() as stop:
        instrument = Instrument(options)
        told, heard, ready = "", 0, False
        try:
            while not stop.wait(0.1):
                status = instrument.status()
                line = _standing(status)
                if line != told:
                    told = line
                    notice(line)
                if recorded is not None and status.audio.running:
                    instrument.start_recording(recorded)
                    recorded = None
                if not ready and 0 < status.n_notes == status.n_fresh:
                    ready = True
                    notice(f"All {status.n_notes} keys are ready.")
                for news in status.notices:
                    if news.id > heard:
                        heard = news.id
                        notice(news.text)
        finally:
            instrument.close()
            for news in instrument.status().notices:  # where the recording is
                if news.id > heard:
                    notice(news.text)


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
