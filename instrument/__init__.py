"""Playing: MIDI in, the note cache, voices, mixing, audio out, presets.

The package root is the whole interface for a window, and it is light: importing it loads
neither numba nor sounddevice nor torch. A window calls `start_instrument`, which runs the
instrument in a process of its own and gives a client with the methods of `InstrumentInterface`.
"""

from .events import (
    AllNotesOff,
    AnyEvent,
    ControlChange,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SetParameter,
)
from .interface import InstrumentInterface
from .library import PresetEntry, PresetLibrary
from .parameters import BY_NAME, MOD_WHEEL, PARAMETERS, SUSTAIN_PEDAL, Parameter
from .preset import Preset, PresetError
from .status import (
    AudioDevice,
    AudioSettings,
    AudioStatus,
    Corner,
    Freshness,
    ModelInfo,
    NoteWave,
    Notice,
    Status,
    Timbre,
)

__all__ = [
    "BY_NAME",
    "MOD_WHEEL",
    "PARAMETERS",
    "SUSTAIN_PEDAL",
    "AllNotesOff",
    "AnyEvent",
    "AudioDevice",
    "AudioSettings",
    "AudioStatus",
    "ControlChange",
    "Corner",
    "Freshness",
    "InstrumentInterface",
    "ModelInfo",
    "MovePad",
    "NoteOff",
    "NoteOn",
    "NoteWave",
    "Notice",
    "Panic",
    "Parameter",
    "PitchBend",
    "Preset",
    "PresetEntry",
    "PresetError",
    "PresetLibrary",
    "ProgramChange",
    "SetParameter",
    "Status",
    "Timbre",
]
