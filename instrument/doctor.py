"""What a look over this machine finds, each as one line: fine, or what to do."""

import ctypes.util
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from instrument.midi.jack import silence_jack
from instrument.presets.library import PresetLibrary
from instrument.presets.models import ModelLibrary
from instrument.storage.paths import data_folder

_PACKAGES = (
    "mido",
    "msgspec",
    "numba",
    "numpy",
    "PySide6-Essentials",
    "python-rtmidi",
    "safetensors",
    "sounddevice",
    "soundfile",
    "soxr",
    "torch",
)


class Finding(msgspec.Struct, frozen=True):
    """One line of a look over the machine.

    Attributes:
        subject: What was looked at.
        ok: Whether it is as it should be.
        text: What was found; where it is not fine, what to do.
        needed: Whether Timbrepad can't play without it.
    """

    subject: str
    ok: bool
    text: str
    needed: bool = False


def examine() -> Iterator[Finding]:
    """Look at one thing after the other; some take seconds."""
    silence_jack()
    yield from _examine_python()
    yield _examine_folder()
    yield _examine_models()
    yield _examine_presets()
    yield _examine_engine()
    yield _examine_sound()
    yield _examine_midi()
    yield _examine_jack()


def _examine_python() -> Iterator[Finding]:
    version = platform.python_version()
    right = sys.version_info[:2] == (3, 11)
    advice = "" if right else ". Timbrepad is made for Python 3.11; make it a new .venv: make setup"
    yield Finding("Python", right, f"{version}, {platform.platform(terse=True)}{advice}")
    versions, missing = [], []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("packages", False, f"{', '.join(missing)} missing. Run: make setup", True)
    else:
        yield Finding("packages", True, ", ".join(versions))


def _examine_folder() -> Finding:
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("your files", True, str(folder))
    except OSError as error:
        return Finding(
            "your files",
            False,
            f"{folder} can't be written: {error.strerror}. Change its permissions, or set "
            "TIMBREPAD_DATA_DIR to another folder.",
        )


def _examine_models() -> Finding:
    library = ModelLibrary()
    infos = library.list()
    if not infos:
        return Finding("models", False, "none. Import one: timbrepad models import FOLDER", True)
    names = ", ".join(f"{info.name} ({info.hash[:8]}, {info.n_timbres} timbres)" for info in infos)
    return Finding("models", True, names)


def _examine_presets() -> Finding:
    entries = PresetLibrary().list()
    hashes = {info.hash for info in ModelLibrary().list()}
    damaged = [entry for entry in entries if entry.problem]
    if damaged:
        return Finding("presets", False, f"{damaged[0].problem} ({len(damaged)} in all)")
    n_foreign = sum(PresetLibrary().load(entry.name).model_hash not in hashes for entry in entries)
    foreign = f", {n_foreign} made with a model that is not here" if n_foreign else ""
    return Finding("presets", True, f"{len(entries)}{foreign}")


def _examine_engine() -> Finding:
    from instrument.engine.engine import Engine  # noqa: PLC0415  # compiling it is what is tried
    from instrument.engine.pool import NotePool, PoolError  # noqa: PLC0415

    start = time.perf_counter()
    try:
        pool = NotePool(2, 48000)
    except PoolError as error:
        return Finding("engine", False, str(error), True)
    try:
        Engine(48000.0, pool)
    except Exception as error:  # numba has many
        line = str(error).splitlines()[0]
        return Finding("engine", False, f"{line}. Install numba again: make setup", True)
    finally:
        pool.close()
    seconds = time.perf_counter() - start
    return Finding("engine", True, f"compiled and loaded in {seconds:.1f} s")


def _examine_sound() -> Finding:
    try:
        import sounddevice  # noqa: PLC0415  # raises where PortAudio is missing
    except OSError:
        return Finding(
            "sound",
            False,
            "PortAudio is missing. Install it: apt-get install libportaudio2, or brew install "
            "portaudio",
        )
    outputs = [device for device in sounddevice.query_devices() if device["max_output_channels"]]
    if not outputs:
        return Finding(
            "sound",
            False,
            "there is no output. Plug in a sound card, or start PipeWire, PulseAudio or JACK.",
        )
    version = sounddevice.get_portaudio_version()[1].split(",")[0]
    return Finding("sound", True, f"{version}; {len(outputs)} outputs: timbrepad devices")


def _examine_midi() -> Finding:
    import rtmidi  # noqa: PLC0415

    from instrument.midi.midi import available_apis  # noqa: PLC0415

    answering = []
    for api in available_apis():
        try:
            n_ports = len(rtmidi.MidiIn(api, name="Timbrepad doctor").get_ports())
        except rtmidi.RtMidiError:
            continue
        answering.append(f"{rtmidi.get_api_display_name(api)} ({n_ports} inputs)")
    if answering:
        return Finding("MIDI", True, ", ".join(answering))
    return Finding(
        "MIDI",
        False,
        "no MIDI system answers; keys on the screen play. On Linux load the kernel's sequencer "
        "(modprobe snd-seq), or start JACK.",
    )


def _examine_jack() -> Finding:
    if ctypes.util.find_library("jack") is None:
        return Finding("JACK", True, "not installed, and not needed")
    if Path("/dev/shm").is_dir() and not list(Path("/dev/shm").glob("jack*")):
        return Finding("JACK", True, "installed, no server runs")
    return Finding("JACK", True, "installed")
