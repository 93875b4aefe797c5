"""Playing: MIDI in, the note cache, voices, mixing, audio out, presets.

The package root is the whole interface for a window, and it is light: importing it loads
neither numba nor sounddevice nor torch. A window calls `start_instrument`, which runs the
instrument in a process of its own and gives a client with the methods of `InstrumentInterface`.
"""

from .breeding import family_lines, mix, more_like, mutate, swap_corners
from .client import InstrumentClient, start_instrument
from .events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    RecordPath,
    SetParameter,
    SetPath,
    SetTuning,
    SetZones,
    StepPreset,
    TapTempo,
    TuneKeys,
)
from .interface import InstrumentInterface
from .library import PresetLibrary
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
from .nearness import CORNER_PLACES, MOST_POINTS, pad_weights
from .options import InstrumentOptions
from .pad_path import PadPath
from .pad_points import are_in_corners, places_of, weights_at
from .parameters import AXES, BY_NAME, MOD_WHEEL, PARAMETERS, SUSTAIN_PEDAL, Parameter
from .paths import training_folder
from .preset import Ancestor, Preset, PresetError, decode_pasted, encode_preset, fingerprint
from .preset_files import PresetEntry
from .preset_pack import PACK_SUFFIX
from .preset_shelf import PresetShelf
from .remote import RemoteError
from .scala import TuningError, read_tuning
from .start_guard import GOOD_START_SECONDS, StartGuard
from .status import (
    AudioDevice,
    AudioSettings,
    AudioStatus,
    Corner,
    Freshness,
    ModelInfo,
    NoteWave,
    Notice,
    RecordError,
    RecordSettings,
    RecordStatus,
    SoundFormat,
    Status,
    Timbre,
    TimbreAxis,
)
from .tuning import Tuning
from .zones import Zones

__all__ = [
    "ACTIONS",
    "AXES",
    "BY_NAME",
    "CORNER_PLACES",
    "GOOD_START_SECONDS",
    "MOD_WHEEL",
    "MOST_POINTS",
    "PACK_SUFFIX",
    "PAD_X",
    "PAD_Y",
    "PARAMETERS",
    "SUSTAIN_PEDAL",
    "TARGETS",
    "USUAL_CONTROLLERS",
    "AllNotesOff",
    "Ancestor",
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
    "MovePoint",
    "NoteOff",
    "NoteOn",
    "NoteWave",
    "Notice",
    "PadPath",
    "Panic",
    "Parameter",
    "PitchBend",
    "Preset",
    "PresetEntry",
    "PresetError",
    "PresetLibrary",
    "PresetShelf",
    "ProgramChange",
    "RecordError",
    "RecordPath",
    "RecordSettings",
    "RecordStatus",
    "RemoteError",
    "SetParameter",
    "SetPath",
    "SetTuning",
    "SetZones",
    "SoundFormat",
    "Source",
    "StartGuard",
    "Status",
    "StepPreset",
    "TapTempo",
    "Timbre",
    "TimbreAxis",
    "TuneKeys",
    "Tuning",
    "TuningError",
    "Zones",
    "are_in_corners",
    "decode_pasted",
    "encode_preset",
    "family_lines",
    "fingerprint",
    "mix",
    "more_like",
    "mutate",
    "pad_weights",
    "places_of",
    "read_tuning",
    "start_instrument",
    "swap_corners",
    "training_folder",
    "weights_at",
]
