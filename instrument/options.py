"""With what an instrument starts."""

import msgspec

from instrument.values.status import AudioSettings
from instrument.values.tuning import Tuning


class InstrumentOptions(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be asked for before an instrument starts.

    Attributes:
        model: Name or folder of the model; "" is the one that the preset belongs to.
        preset: Name or file of the preset; "" is the sound of the last session, else the first.
        follow: Folder of a training run, whose newest model is opened again and again; "" is none.
        audio: The output to open; None opens none.
        midi_port: Name of the MIDI input, or a part of it; "*" is all, "" none.
        cache_megabytes: Memory for rendered notes.
        render_threads: Notes made side by side; 0 is one a core, at most four.
        render_device: That makes the notes: "auto" is the fastest that works, else "cpu", "cuda",
            "cuda:N" or "mps".
        data_folder: Of the player's files; "" is the usual place.
        bake: Keep rendered keyboards on disk, so that the next start sounds at once.
        tuning: Of the keys, for presets that bring none; None is twelve equal steps.
        mpe: Take the MIDI inputs for MPE (lower zone, 15 notes) before one says so itself.
        midi_map: Name or file of a profile of MIDI controllers; "" is the last session's map.
        remember: Take up the sound of the last session, and keep this one for the next; keep what
            is learned, too.
    """

    model: str = ""
    preset: str = ""
    follow: str = ""
    audio: AudioSettings | None = AudioSettings()
    midi_port: str = "*"
    cache_megabytes: int = 384
    render_threads: int = 0
    render_device: str = "auto"
    data_folder: str = ""
    bake: bool = True
    tuning: Tuning | None = None
    mpe: bool = False
    midi_map: str = ""
    remember: bool = True
