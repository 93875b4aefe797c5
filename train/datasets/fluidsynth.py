"""A SoundFont played by the FluidSynth library: presets listed, single notes as waves.

Knows no files but the font and no data sets. The library is called through ctypes.
"""

import ctypes
import ctypes.util
import sys
from contextlib import suppress
from ctypes import c_char_p, c_double, c_float, c_int, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from .notes import DatasetError, Wave

SAMPLE_RATE = 48000
HELD_SAMPLES = 3 * SAMPLE_RATE
NOTE_SAMPLES = 4 * SAMPLE_RATE

_GAIN = 0.5
_SEVENTH_ORDER = 7
_CHANNEL = 0
_ALL_CHANNELS = -1

_LIBRARY_FILES = {
    "darwin": (
        "libfluidsynth.3.dylib",
        "/opt/homebrew/lib/libfluidsynth.3.dylib",
        "/usr/local/lib/libfluidsynth.3.dylib",
    ),
    "win32": ("libfluidsynth-3.dll", "fluidsynth-3.dll"),
}
_LINUX_FILES = ("libfluidsynth.so.3", "libfluidsynth.so.2")

# Name, result, arguments: the functions used here, from FluidSynth 2's headers.
_PROTOTYPES = (
    ("fluid_version_str", c_char_p, ()),
    ("fluid_set_log_function", c_void_p, (c_int, c_void_p, c_void_p)),
    ("new_fluid_settings", c_void_p, ()),
    ("delete_fluid_settings", None, (c_void_p,)),
    ("fluid_settings_setint", c_int, (c_void_p, c_char_p, c_int)),
    ("fluid_settings_setnum", c_int, (c_void_p, c_char_p, c_double)),
    ("new_fluid_synth", c_void_p, (c_void_p,)),
    ("delete_fluid_synth", None, (c_void_p,)),
    ("fluid_synth_sfload", c_int, (c_void_p, c_char_p, c_int)),
    ("fluid_synth_get_sfont_by_id", c_void_p, (c_void_p, c_int)),
    ("fluid_synth_add_sfont", c_int, (c_void_p, c_void_p)),
    ("fluid_synth_remove_sfont", c_int, (c_void_p, c_void_p)),
    ("fluid_synth_set_interp_method", c_int, (c_void_p, c_int, c_int)),
    ("fluid_synth_program_select", c_int, (c_void_p, c_int, c_int, c_int, c_int)),
    ("fluid_synth_noteon", c_int, (c_void_p, c_int, c_int, c_int)),
    ("fluid_synth_noteoff", c_int, (c_void_p, c_int, c_int)),
    ("fluid_synth_get_active_voice_count", c_int, (c_void_p,)),
    (
        "fluid_synth_write_float",
        c_int,
        (c_void_p, c_int, c_void_p, c_int, c_int, c_void_p, c_int, c_int),
    ),
    ("fluid_sfont_iteration_start", None, (c_void_p,)),
    ("fluid_sfont_iteration_next", c_void_p, (c_void_p,)),
    ("fluid_preset_get_name", c_char_p, (c_void_p,)),
    ("fluid_preset_get_banknum", c_int, (c_void_p,)),
    ("fluid_preset_get_num", c_int, (c_void_p,)),
)


@dataclass(frozen=True, order=True)
class FontPreset:
    """A preset of a SoundFont: its bank, its program 0 to 127, and its name."""

    bank: int
    program: int
    name: str


@cache
def load_library() -> ctypes.CDLL:
    """Find FluidSynth, declare its functions and silence its log.

    Raises:
        DatasetError: If the library is not installed.
    """
    for name in _library_names():
        with suppress(OSError, AttributeError):
            return _declare(ctypes.CDLL(name))
    raise DatasetError(
        "FluidSynth is not installed. Install it with: apt-get install libfluidsynth3 "
        "(Debian, Ubuntu) or brew install fluid-synth (macOS)."
    )


def _library_names() -> list[str]:
    """Return the file names to try: the usual ones, then what the system knows."""
    found = ctypes.util.find_library("fluidsynth")
    return [*_LIBRARY_FILES.get(sys.platform, _LINUX_FILES), *([found] if found else [])]


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    for name, result, arguments in _PROTOTYPES:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    for level in range(5):  # panic, error, warning, information, debug
        library.fluid_set_log_function(level, None, None)
    return library


def library_version() -> str:
    """Return the version of the FluidSynth library, as in "2.3.1"."""
    version: bytes = load_library().fluid_version_str()
    return version.decode()


class SoundFont:
    """A SoundFont in memory. Belongs to the thread that opened it.

    Every note is played by a new synthesiser, which costs no time worth naming; so a
    note's samples depend on the note alone, not on the notes played before it.
    """

    def __init__(self, path: Path, *, load_samples: bool = True) -> None:
        """Open a SoundFont.

        Args:
            path: The .sf2 or .sf3 file.
            load_samples: Read all samples now. Without them presets are listed at once,
                and each note is slow.

        Raises:
            DatasetError: If the file is missing, damaged or no SoundFont, or FluidSynth
                is not installed.
        """
        check_font(path)
        self._library = load_library()
        self._settings = self._new_settings()
        self._library.fluid_settings_setint(
            self._settings, b"synth.dynamic-sample-loading", int(not load_samples)
        )
        self._loader = self._library.new_fluid_synth(self._settings)
        font_id = self._library.fluid_synth_sfload(self._loader, str(path).encode(), 0)
        if font_id < 0:
            self._library.delete_fluid_synth(self._loader)
            self._library.delete_fluid_settings(self._settings)
            raise DatasetError(f"{path} is damaged. Download the SoundFont again.")
        self._font = self._library.fluid_synth_get_sfont_by_id(self._loader, font_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back. The font cannot be used afterwards."""
        self._library.delete_fluid_synth(self._loader)
        self._library.delete_fluid_settings(self._settings)

    def _new_settings(self) -> int:
        settings: int = self._library.new_fluid_settings()
        self._library.fluid_settings_setnum(settings, b"synth.sample-rate", float(SAMPLE_RATE))
        self._library.fluid_settings_setnum(settings, b"synth.gain", _GAIN)
        self._library.fluid_settings_setint(settings, b"synth.reverb.active", 0)
        self._library.fluid_settings_setint(settings, b"synth.chorus.active", 0)
        return settings

    def presets(self) -> list[FontPreset]:
        """Return all presets, by bank and program; of two with the same numbers the first."""
        presets: dict[tuple[int, int], FontPreset] = {}
        self._library.fluid_sfont_iteration_start(self._font)
        while preset := self._library.fluid_sfont_iteration_next(self._font):
            name = self._library.fluid_preset_get_name(preset).decode("latin-1").strip()
            bank = self._library.fluid_preset_get_banknum(preset)
            program = self._library.fluid_preset_get_num(preset)
            presets.setdefault((bank, program), FontPreset(bank, program, name))
        return sorted(presets.values())

    def play_note(self, preset: FontPreset, pitch: int, velocity: int) -> Wave:
        """Play a note for 3 s and let it go for 1 s, without reverb or chorus.

        Args:
            preset: One of this font's.
            pitch: MIDI number, 0 to 127.
            velocity: 1 to 127.

        Returns:
            float32 [sample]: 4 s at 48 kHz, the mean of left and right. Not limited: may
            pass ±1.
        """
        library = self._library
        synth = library.new_fluid_synth(self._settings)
        font_id = library.fluid_synth_add_sfont(synth, self._font)
        try:
            library.fluid_synth_set_interp_method(synth, _ALL_CHANNELS, _SEVENTH_ORDER)
            library.fluid_synth_program_select(
                synth, _CHANNEL, font_id, preset.bank, preset.program
            )
            left_right = np.zeros((2, NOTE_SAMPLES), np.float32)
            library.fluid_synth_noteon(synth, _CHANNEL, pitch, velocity)
            self._write(synth, left_right[:, :HELD_SAMPLES])
            library.fluid_synth_noteoff(synth, _CHANNEL, pitch)
            self._write(synth, left_right[:, HELD_SAMPLES:])
        finally:
            # The font outlives the synthesiser, which would otherwise delete it.
            library.fluid_synth_remove_sfont(synth, self._font)
            library.delete_fluid_synth(synth)
        return left_right.mean(axis=0, dtype=np.float32)

    def _write(self, synth: int, left_right: Wave) -> None:
        """Fill a float32 [channel, sample] array, whose rows may lie apart."""
        left, right = (row.ctypes.data_as(ctypes.POINTER(c_float)) for row in left_right)
        n_samples = left_right.shape[1]
        self._library.fluid_synth_write_float(synth, n_samples, left, 0, 1, right, 0, 1)


def check_font(path: Path) -> None:
    """Check that a file is a whole SoundFont by its first twelve bytes and its size.

    Raises:
        DatasetError: If it is missing, cut short or something else.
    """
    try:
        with path.open("rb") as file:
            header = file.read(12)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {path}. Check its name.") from error
    except OSError as error:
        raise DatasetError(f"Could not read {path}: {error.strerror}.") from error
    if len(header) < 12 or header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise DatasetError(f"{path} is not a SoundFont. Choose an .sf2 or .sf3 file.")
    if size < 8 + int.from_bytes(header[4:8], "little"):
        raise DatasetError(f"{path} is cut short. Download the SoundFont again.")
