"""Playing: MIDI in, the note cache, voices, mixing, audio out, presets.

The package root is the whole interface for a window, and it is light: importing it loads
neither numba nor sounddevice nor torch. A window calls `start_instrument`, which runs the
instrument in a process of its own and gives a client with the methods of `InstrumentInterface`.
"""

from instrument.pad.nearness import CORNER_PLACES, MOST_POINTS, pad_weights
from instrument.pad.pad_points import are_in_corners, places_of, weights_at
from instrument.presets.breeding import family_lines, mix, more_like, mutate, swap_corners
from instrument.presets.library import PresetLibrary
from instrument.presets.models import ModelLibraryError
from instrument.presets.preset import (
    Ancestor,
    Preset,
    PresetError,
    decode_pasted,
    encode_preset,
    fingerprint,
)
from instrument.presets.preset_files import PresetEntry
from instrument.presets.preset_pack import PACK_SUFFIX
from instrument.presets.preset_shelf import PresetShelf
from instrument.storage.paths import training_folder
from instrument.storage.start_guard import GOOD_START_SECONDS, StartGuard
from instrument.values.events import (
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
from instrument.values.midi_map import (
    ACTIONS,
    PAD_X,
    PAD_Y,
    TARGETS,
    USUAL_CONTROLLERS,
    Mapping,
    MidiMap,
    MidiMapError,
)
from instrument.values.midi_source import Source
from instrument.values.pad_path import PadPath
from instrument.values.parameters import (
    AXES,
    BY_NAME,
    MOD_WHEEL,
    PARAMETERS,
    SUSTAIN_PEDAL,
    Parameter,
)
from instrument.values.scala import TuningError, read_tuning
from instrument.values.status import (
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
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones

from .client import InstrumentClient, start_instrument
from .interface import InstrumentInterface
from .options import InstrumentOptions
from .remote import RemoteError

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
