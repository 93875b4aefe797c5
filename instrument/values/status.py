"""What the instrument says of itself: frozen snapshots that can cross a pipe."""

from enum import IntEnum
from typing import Any, Literal

import msgspec

from .midi_map import MidiMap
from .pad_path import PadPath
from .zones import Zones


class TimbreAxis(msgspec.Struct, frozen=True):
    """A measured axis of a model's latents, as its knob tells it.

    Attributes:
        name: What changes along it: "brightness".
        low: What notes are at its lower end: "dark".
        high: At its upper end: "bright".
        correlation: Of the place along it with the measure, over latents it was not fitted to.
        agreement: Share of latents whose notes follow when they are moved up.
    """

    name: str
    low: str = ""
    high: str = ""
    correlation: float = 0.0
    agreement: float = 0.0


class Freshness(IntEnum):
    """How the note of one key stands to the timbre that the pad now asks for."""

    ABSENT = 0
    STALE = 1
    RENDERING = 2
    FRESH = 3


class Timbre(msgspec.Struct, frozen=True):
    """A named timbre of the model.

    Attributes:
        name: As shown.
        family: The NSynth family: "keyboard", "mallet", "string", ...
        z: float [latent], the latent vector.
        brightness: Spectral centroid at C4, 0 (dark) to 1 (bright) among the model's timbres.
        attack: 0 (at once) to 1 (slow).
        decay: 0 (falls silent fast) to 1 (sustains).
        noisiness: 0 (pure) to 1 (breathy).
    """

    name: str
    family: str
    z: tuple[float, ...]
    brightness: float = 0.5
    attack: float = 0.0
    decay: float = 0.5
    noisiness: float = 0.0


class Corner(msgspec.Struct, frozen=True):
    """One timbre point of the pad.

    Attributes:
        name: As shown beside the point.
        z: float [latent]; empty until the model has said what the name or the seed means.
        timbre: The model's timbre that it came from, or "".
        seed: The seed of a re-rolled corner, or None.
        locked: A locked point is neither re-rolled nor moved.
        place: Where on the pad it is, (x, y), each 0..1; None: in the corner that its number among
            four says, as all the others.
        unknown: Fields of a newer Timbrepad's preset, to be written again with the corner.
    """

    name: str
    z: tuple[float, ...] = ()
    timbre: str = ""
    seed: int | None = None
    locked: bool = False
    place: tuple[float, float] | None = None
    unknown: dict[str, Any] = {}


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that can be opened: what its folder says.

    Models with the same `latent_space` make the same timbre of a latent, or nearly: those of one
    training run, and the one that it went on from.
    """

    name: str
    hash: str
    path: str
    info: str = ""
    sample_rate: int = 0
    n_timbres: int = 0
    latent_size: int = 0
    lowest_pitch: int = 24
    highest_pitch: int = 84
    latent_space: str = ""
    axes: tuple[TimbreAxis, ...] = ()


class AudioDevice(msgspec.Struct, frozen=True):
    """An output that PortAudio offers."""

    name: str
    host_api: str
    n_channels: int
    sample_rate: float
    is_default: bool = False


Timing = Literal["auto", "even", "quick"]
EVEN_FROM_FRAMES = 256


class AudioSettings(msgspec.Struct, frozen=True):
    """What to open: an empty device name is the system's default; rate 0 is the device's own.

    Attributes:
        device: A part of its name.
        sample_rate: In Hz.
        block: Frames.
        timing: "even": each event is heard one block after it came, to the sample; "quick": at the
            next block's start, so sooner by any time up to a block; "auto": even in blocks of 256
            frames and more.
    """

    device: str = ""
    sample_rate: int = 0
    block: int = 128
    timing: Timing = "auto"

    @property
    def is_even(self) -> bool:
        """Whether events keep their distances inside a block."""
        return self.timing == "even" or (self.timing == "auto" and self.block >= EVEN_FROM_FRAMES)


class AudioStatus(msgspec.Struct, frozen=True):
    """How the sound output stands."""

    running: bool = False
    device: str = ""
    host_api: str = ""
    sample_rate: float = 48000.0
    block: int = 128
    latency_seconds: float = 0.0
    message: str = ""
    timing: Timing = "auto"  # as it was asked for


SoundFormat = Literal["wav24", "wav32", "flac"]


class RecordError(Exception):
    """A recording can't be made or went wrong; the message says which and what to do."""


class RecordSettings(msgspec.Struct, frozen=True):
    """What to record.

    Attributes:
        sound: The output, as a sound file.
        performance: What is played, as a MIDI file that `timbrepad render` turns into the sound.
        format: Of the sound: WAV of 24 bits or of 32-bit floating point, or FLAC.
        sound_path: Where to; "" is a name of its own in the player's folder.
        performance_path: As `sound_path`.
    """

    sound: bool = True
    performance: bool = True
    format: SoundFormat = "wav24"
    sound_path: str = ""
    performance_path: str = ""


class RecordStatus(msgspec.Struct, frozen=True):
    """How recording stands: whether it runs, how long the take is, where it goes, what was lost."""

    is_running: bool = False
    seconds: float = 0.0
    path: str = ""
    n_lost: int = 0


class Notice(msgspec.Struct, frozen=True):
    """One line for the player: what happened and what to do. `id` counts up from 1."""

    id: int
    text: str
    is_error: bool = True


class NoteWave(msgspec.Struct, frozen=True):
    """A rendered note, for pictures.

    Attributes:
        note: The MIDI note.
        samples: float32 little-endian [frame], mono.
        sample_rate: Of the samples, in Hz.
        loop_start: Frame where the sustain loop begins; 0 with `loop_end` 0 when there is none.
        loop_end: Frame after the last of the loop.
    """

    note: int
    samples: bytes
    sample_rate: float
    loop_start: int = 0
    loop_end: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a window shows, 30 times a second.

    Attributes:
        audio: The sound output.
        midi_inputs: Names of the MIDI inputs that are open and connected.
        load: Share of a block's time spent in the engine, 0..1.
        n_voices: Voices that sound now.
        peak_left: Largest absolute sample since the last status, 0..1.
        peak_right: As `peak_left`.
        true_peak_left: As `peak_left`, between the samples, too (ITU-R BS.1770).
        true_peak_right: As `true_peak_left`.
        spectrum: Of what sounds now, a byte for each band, from 30 Hz to 18 kHz in equal ratios: 0
            is -90 dB and less, 255 full scale; empty for silence.
        dropped_blocks: Blocks that came too late since the stream opened.
        dropped_events: Events lost because the ring was full.
        stolen: Voices taken over for new notes.
        model: The model in use, or None while none is loaded.
        timbres_of: Hash of the model whose timbres can be had, sooner than the model; "" for none.
        renderer: "starting", "ready", "restarting" or "failed"; "stopped" when the instrument's
            whole process has ended and was not started again.
        freshness: One `Freshness` value per MIDI note, 128 bytes.
        gated: One byte per MIDI note: its velocity while the key is down, else 0.
        last_note: The note played last, or -1.
        pad_x: Where the pad's finger is.
        pad_y: As `pad_x`.
        heard_x: Where motion has moved the pad from there.
        heard_y: As `heard_x`.
        path: The pad's, or None.
        path_share: How much of it has been gone, 0..1; -1 while none is played.
        path_recording: "path" or "drawing" while one is made, or "".
        tempo: In beats a minute, as it is heard.
        is_clocked: Whether a MIDI clock gives it.
        bend: The bend wheel, -1..1.
        mod: The mod wheel, 0..1.
        corners: The pad's timbre points; four without places are its corners: bottom left, bottom
            right, top left, top right.
        parameters: Every parameter's value by name.
        tuning: Name of the tuning of the keys, "" for twelve equal steps.
        zones: Of MPE.
        midi_map: What MIDI controllers move by the player's choice.
        learning: What the next MIDI controller that moves is to move, a key of `TARGETS`; or "".
        waiting: Where MIDI controllers point that have not come by their target yet, 0..1 of its
            way, by target.
        preset_name: The preset that was opened last, "" for none.
        preset_changed: Whether anything moved since.
        revision: Counts up with each change of what a preset holds.
        n_fresh: Fresh notes among those the model can make.
        n_notes: Notes the model can make.
        cache_bytes: What the note pool holds.
        recording: Of the output and of what is played.
        notices: The latest notices, oldest first.
        note_version: Counts up when the picture of `last_note` would change.
        playability: Of the pad's places that were measured: x, y, share of their notes in tune.
    """

    audio: AudioStatus = AudioStatus()
    midi_inputs: tuple[str, ...] = ()
    load: float = 0.0
    n_voices: int = 0
    peak_left: float = 0.0
    peak_right: float = 0.0
    true_peak_left: float = 0.0
    true_peak_right: float = 0.0
    spectrum: bytes = b""
    dropped_blocks: int = 0
    dropped_events: int = 0
    stolen: int = 0
    model: ModelInfo | None = None
    timbres_of: str = ""
    renderer: str = "starting"
    freshness: bytes = bytes(128)
    gated: bytes = bytes(128)
    last_note: int = -1
    pad_x: float = 0.5
    pad_y: float = 0.5
    heard_x: float = 0.5
    heard_y: float = 0.5
    path: PadPath | None = None
    path_share: float = -1.0
    path_recording: str = ""
    tempo: float = 120.0
    is_clocked: bool = False
    bend: float = 0.0
    mod: float = 0.0
    corners: tuple[Corner, ...] = ()
    parameters: dict[str, float] = {}
    tuning: str = ""
    zones: Zones = Zones()
    midi_map: MidiMap = MidiMap()
    learning: str = ""
    waiting: dict[str, float] = {}
    preset_name: str = ""
    preset_changed: bool = False
    revision: int = 0
    n_fresh: int = 0
    n_notes: int = 0
    cache_bytes: int = 0
    recording: RecordStatus = RecordStatus()
    notices: tuple[Notice, ...] = ()
    note_version: int = 0
    playability: tuple[tuple[float, float, float], ...] = ()
