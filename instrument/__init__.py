"""Playing: MIDI in, the note cache, voices, mixing, audio out, presets.

The package root is the whole interface for a window, and it is light: importing it loads
neither numba nor sounddevice nor torch. A window calls `start_instrument`, which runs the
instrument in a process of its own and gives a client with the methods of `InstrumentInterface`.
"""

from .client import InstrumentClient, start_instrument
from .events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SetParameter,
    SetTuning,
    SetZones,
    StepPreset,
    TuneKeys,
)
from .interface import InstrumentInterface
from .library import PresetEntry, PresetLibrary
from .midi_map import (
    ACTIONS,
    PAD_X,
    PAD_Y,
    TARGETS,
    USUAL_CONTROLLERS,
    Mapping,
    MidiMap,
    MidiMapError,
)
from .midi_source import Source
from .models import ModelLibraryError
from .options import InstrumentOptions
from .parameters import BY_NAME, MOD_WHEEL, PARAMETERS, SUSTAIN_PEDAL, Parameter
from .paths import training_folder
from .preset import Preset, PresetError
from .remote import RemoteError
from .scala import TuningError, read_tuning
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
from .tuning import Tuning
from .zones import Zones

__all__ = [
    "ACTIONS",
    "BY_NAME",
    "MOD_WHEEL",
    "PAD_X",
    "PAD_Y",
    "PARAMETERS",
    "SUSTAIN_PEDAL",
    "TARGETS",
    "USUAL_CONTROLLERS",
    "AllNotesOff",
    "AnyEvent",
    "AudioDevice",
    "AudioSettings",
    "AudioStatus",
    "ChannelPressure",
    "ControlChange",
    "Corner",
    "Freshness",
    "InstrumentClient",
    "InstrumentInterface",
    "InstrumentOptions",
    "KeyPressure",
    "Mapping",
    "MidiMap",
    "MidiMapError",
    "ModelInfo",
    "ModelLibraryError",
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
    "RemoteError",
    "SetParameter",
    "SetTuning",
    "SetZones",
    "Source",
    "Status",
    "StepPreset",
    "Timbre",
    "TuneKeys",
    "Tuning",
    "TuningError",
    "Zones",
    "read_tuning",
    "start_instrument",
    "training_folder",
]
