"""An instrument that makes no sound: it keeps what it is told and shows what a test wants shown."""

import math
import struct
import threading

import msgspec

from instrument import (
    PARAMETERS,
    AudioDevice,
    AudioSettings,
    AudioStatus,
    ControlChange,
    Corner,
    Freshness,
    Mapping,
    MidiMap,
    MidiMapError,
    ModelInfo,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    NoteWave,
    Notice,
    Panic,
    PitchBend,
    Preset,
    RecordSettings,
    RecordStatus,
    SetParameter,
    SetPath,
    Status,
    Timbre,
    TimbreAxis,
    are_in_corners,
    places_of,
)

LATENT = 8
OF_SOUND = {"corners", "pad_x", "pad_y", "parameters", "path"}
MODEL = ModelInfo(
    name="Draft",
    hash="0123456789abcdef",
    path="/models/draft",
    info="A first model",
    sample_rate=32000,
    n_timbres=24,
    latent_size=LATENT,
    axes=(
        TimbreAxis("brightness", "dark", "bright", 0.94, 1.0),
        TimbreAxis("attack", "sudden", "slow", 0.76, 0.95),
        TimbreAxis("decay", "plucked", "sustained", 0.91, 0.99),
        TimbreAxis("noisiness", "pure", "breathy", 0.88, 0.99),
    ),
)
_FAMILIES = {
    "bass": ("Upright bass", "Picked bass", "Rubber bass"),
    "flute": ("Concert flute", "Recorder", "Bottle"),
    "guitar": ("Nylon guitar", "Steel guitar", "Koto"),
    "keyboard": ("Grand piano", "Tine piano", "Harpsichord", "Clavi"),
    "mallet": ("Celesta", "Marimba", "Glockenspiel", "Kalimba"),
    "organ": ("Drawbar organ", "Reed organ"),
    "reed": ("Oboe", "Clarinet", "Bassoon"),
    "string": ("Cello", "Slow strings", "Pizzicato"),
    "vocal": ("Choir aahs", "Voice oohs"),
}
_FEATURES = {  # brightness, attack, decay, noisiness
    "bass": (0.12, 0.1, 0.4, 0.2),
    "flute": (0.34, 0.4, 0.95, 0.45),
    "guitar": (0.5, 0.03, 0.25, 0.12),
    "keyboard": (0.58, 0.02, 0.35, 0.1),
    "mallet": (0.42, 0.0, 0.1, 0.08),
    "organ": (0.66, 0.1, 1.0, 0.1),
    "reed": (0.8, 0.2, 1.0, 0.12),
    "string": (0.92, 0.5, 0.95, 0.22),
    "vocal": (0.25, 0.6, 1.0, 0.35),
}


def timbres() -> tuple[Timbre, ...]:
    made = []
    for family, names in _FAMILIES.items():
        for place, name in enumerate(names):
            shift = 0.05 * (place - 1)
            features = [min(max(f + shift, 0.0), 1.0) for f in _FEATURES[family]]
            made.append(Timbre(name, family, latent(len(made)), *features))
    return tuple(made)


def latent(seed: int) -> tuple[float, ...]:
    return tuple(math.sin(1.7 * seed * (i + 1) + i) for i in range(LATENT))


def corner(name: str) -> Corner:
    timbre = next(timbre for timbre in timbres() if timbre.name == name)
    return Corner(name, timbre.z, name)


CORNERS = tuple(corner(name) for name in ("Cello", "Oboe", "Celesta", "Choir aahs"))


def freshness(kind: int = Freshness.FRESH, lowest: int = 24, highest: int = 84) -> bytes:
    return bytes(kind if lowest <= note <= highest else 0 for note in range(128))


def status(**changes: object) -> Status:
    """A healthy instrument, apart from the changes."""
    values: dict[str, object] = {
        "audio": AudioStatus(
            running=True,
            device="Scarlett 2i2",
            host_api="ALSA",
            latency_seconds=0.0054,
        ),
        "midi_inputs": ("KeyLab 49",),
        "load": 0.09,
        "model": MODEL,
        "renderer": "ready",
        "freshness": freshness(),
        "corners": CORNERS,
        "parameters": {row.name: row.default for row in PARAMETERS},
        "preset_name": "Reed into glass",
        "n_fresh": 61,
        "n_notes": 61,
        "cache_bytes": 48_000_000,
        **changes,
    }
    model = values["model"]
    values.setdefault("timbres_of", model.hash if isinstance(model, ModelInfo) else "")
    return Status(**values)


def wave(note: int) -> NoteWave:
    """Two seconds of a note whose partials fade, the higher the sooner."""
    rate, frequency = 16000, 440 * 2 ** ((note - 69) / 12)
    n_partials = min(12, int(7000 / frequency))
    samples = []
    for i in range(2 * rate):
        t = i / rate
        phase = 2 * math.pi * frequency * (t + 0.0006 * math.sin(33 * t) / 33)
        level = min(1.0, 40 * t) * math.exp(-0.5 * t)
        samples.append(
            0.3
            * level
            * sum(math.sin(k * phase) * math.exp(-k * t) / k for k in range(1, n_partials + 1))
        )
    return NoteWave(
        note, struct.pack(f"<{len(samples)}f", *samples), rate, rate // 2, 3 * rate // 2
    )


class PretendInstrument:
    """Implements InstrumentInterface."""

    def __init__(self, **changes: object) -> None:
        self.now = status(**changes)
        self.events: list[object] = []
        self.calls: list[tuple[object, ...]] = []
        self.n_status = 0
        self.is_dead = False
        self.devices = (
            AudioDevice("Scarlett 2i2", "ALSA", 2, 48000.0, is_default=True),
            AudioDevice("HDMI", "ALSA", 8, 44100.0),
        )
        self.profiles: dict[str, MidiMap] = {}
        self.ports = ("KeyLab 49", "Launchpad")
        self.saved = Preset(name="Reed into glass", model_name="Draft", corners=CORNERS)
        self._lock = threading.Lock()

    def change(self, **changes: object) -> None:
        with self._lock:
            if OF_SOUND & changes.keys():
                changes = {"revision": self.now.revision + 1, **changes}
            self.now = msgspec.structs.replace(self.now, **changes)

    def notice(self, text: str, *, is_error: bool = True) -> None:
        number = len(self.now.notices) + 1
        self.change(notices=(*self.now.notices, Notice(number, text, is_error)))

    def posted(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def called(self, name: str) -> list[tuple[object, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    def post(self, event: object) -> None:
        self._check()
        self.events.append(event)
        match event:
            case MovePad():
                self.change(pad_x=event.x, pad_y=event.y, preset_changed=True)
            case MovePoint():
                self._place_all(event.index, (event.x, event.y))
            case SetParameter():
                values = {**self.now.parameters, event.name: event.value}
                self.change(parameters=values, preset_changed=True)
            case SetPath():
                self.change(path=event.path, preset_changed=True)
            case PitchBend():
                self.change(bend=event.value)
            case ControlChange(controller=1):
                self.change(mod=event.value / 127)
            case NoteOn():
                self._gate(event.note, event.velocity)
                version = self.now.note_version + 1
                self.change(last_note=event.note, note_version=version)
            case NoteOff():
                self._gate(event.note, 0)
            case Panic():
                self.change(gated=bytes(128))

    def _gate(self, note: int, velocity: int) -> None:
        gated = bytearray(self.now.gated)
        gated[note] = velocity
        self.change(gated=bytes(gated))

    def status(self) -> Status:
        self._check()
        self.n_status += 1
        return self.now

    def timbres(self) -> tuple[Timbre, ...]:
        return timbres() if self.now.model else ()

    def start_recording(self, settings: RecordSettings) -> None:
        self.calls.append(("start_recording", settings))
        self.change(recording=RecordStatus(is_running=True, path="/takes/take.wav"))

    def stop_recording(self) -> None:
        self.calls.append(("stop_recording",))
        self.change(recording=RecordStatus())
        self.notice('Recorded 0:05: "/takes/take.wav"', is_error=False)

    def set_corner(self, index: int, timbre: str) -> None:
        self.calls.append(("set_corner", index, timbre))
        corners = list(self.now.corners)
        corners[index] = msgspec.structs.replace(corner(timbre), place=corners[index].place)
        self.change(corners=tuple(corners), preset_changed=True)

    def reroll(self, index: int | None = None) -> None:
        self.calls.append(("reroll", index))
        corners = [
            c
            if c.locked or index not in (None, i)
            else Corner(f"Roll {i + 7}", latent(50 + i), seed=i, place=c.place)
            for i, c in enumerate(self.now.corners)
        ]
        self.change(corners=tuple(corners), preset_changed=True)

    def lock_corner(self, index: int, locked: bool) -> None:
        self.calls.append(("lock_corner", index, locked))
        corners = list(self.now.corners)
        corners[index] = msgspec.structs.replace(corners[index], locked=locked)
        self.change(corners=tuple(corners))

    def rename_point(self, index: int, name: str) -> None:
        self.calls.append(("rename_point", index, name))
        corners = list(self.now.corners)
        corners[index] = msgspec.structs.replace(corners[index], name=name)
        self.change(corners=tuple(corners), preset_changed=True)

    def add_point(self, x: float, y: float, timbre: str = "") -> None:
        self.calls.append(("add_point", x, y, timbre))
        self._place_all()
        new = corner(timbre) if timbre else Corner("Pinned", latent(90))
        placed = msgspec.structs.replace(new, place=(x, y))
        self.change(corners=(*self.now.corners, placed), preset_changed=True)

    def remove_point(self, index: int) -> None:
        self.calls.append(("remove_point", index))
        self._place_all()
        corners = list(self.now.corners)
        del corners[index]
        self.change(corners=tuple(corners), preset_changed=True)

    def use_corners(self, is_wanted: bool) -> None:
        self.calls.append(("use_corners", is_wanted))
        if is_wanted and not are_in_corners(self.now.corners):
            free = (msgspec.structs.replace(c, place=None) for c in self.now.corners)
            self.change(corners=tuple(free))
        elif not is_wanted:
            self._place_all()

    def _place_all(self, index: int = -1, place: tuple[float, float] = (0.0, 0.0)) -> None:
        places = list(places_of(self.now.corners))
        if index >= 0:
            places[index] = place
        placed = (
            msgspec.structs.replace(c, place=p)
            for c, p in zip(self.now.corners, places, strict=True)
        )
        self.change(corners=tuple(placed), preset_changed=True)

    def preset(self) -> Preset:
        return Preset(
            name=self.now.preset_name or "Untitled",
            model_name="Draft",
            corners=self.now.corners,
            pad_x=self.now.pad_x,
            pad_y=self.now.pad_y,
            parameters=self.now.parameters,
            path=self.now.path,
        )

    def load_preset(self, preset: Preset) -> None:
        self.calls.append(("load_preset", preset.name))
        self.change(
            corners=preset.corners,
            pad_x=preset.pad_x,
            pad_y=preset.pad_y,
            parameters={**self.now.parameters, **preset.parameters},
            path=preset.path,
            preset_name=preset.name,
            preset_changed=False,
        )

    def mark_saved(self, name: str) -> None:
        self.calls.append(("mark_saved", name))
        self.change(preset_name=name, preset_changed=False)

    def mark_changed(self) -> None:
        self.calls.append(("mark_changed",))
        self.change(preset_changed=True)

    def audio_devices(self) -> tuple[AudioDevice, ...]:
        return self.devices

    def open_audio(self, settings: AudioSettings) -> None:
        self.calls.append(("open_audio", settings))
        self.change(
            audio=AudioStatus(
                running=True,
                device=settings.device,
                sample_rate=settings.sample_rate or 48000.0,
                block=settings.block,
            )
        )

    def midi_ports(self) -> tuple[str, ...]:
        return self.ports

    def open_midi(self, name: str) -> None:
        self.calls.append(("open_midi", name))

    def learn_midi(self, target: str) -> None:
        self.calls.append(("learn_midi", target))
        self.change(learning=target)

    def map_midi(self, mapping: Mapping) -> None:
        self.calls.append(("map_midi", mapping))
        self.change(midi_map=self.now.midi_map.with_mapping(mapping), learning="")

    def forget_midi(self, target: str) -> None:
        self.calls.append(("forget_midi", target))
        self.change(midi_map=self.now.midi_map.without(target) if target else MidiMap())

    def midi_profiles(self) -> tuple[str, ...]:
        return tuple(self.profiles)

    def load_midi_profile(self, name: str) -> None:
        self.change(midi_map=self.profiles[name])

    def save_midi_profile(self, name: str) -> None:
        if not name:
            raise MidiMapError("A MIDI map needs a name. Type one.")
        self.profiles[name] = msgspec.structs.replace(self.now.midi_map, name=name)
        self.change(midi_map=self.profiles[name])

    def delete_midi_profile(self, name: str) -> None:
        del self.profiles[name]

    def test_sound(self) -> None:
        self.calls.append(("test_sound",))

    def play_file(self, path: str) -> None:
        self.calls.append(("play_file", path))

    def models(self) -> tuple[ModelInfo, ...]:
        return (
            MODEL,
            msgspec.structs.replace(MODEL, name="Other", hash="ff", path="/models/other"),
        )

    def load_model(self, name: str) -> None:
        self.calls.append(("load_model", name))

    def follow_run(self, folder: str) -> None:
        self.calls.append(("follow_run", folder))

    def note_wave(self, note: int) -> NoteWave | None:
        self.calls.append(("note_wave", note))
        return wave(note)

    def close(self) -> None:
        self.calls.append(("close",))

    def _check(self) -> None:
        if self.is_dead:
            raise BrokenPipeError("the pipe is closed")
