"""What is played is recorded as sound and as MIDI, and the MIDI file makes the same sound again."""

import errno
import shutil
from collections import deque

import mido
import numpy as np
import pytest
import soundfile

from instrument import files, midi
from instrument.cache import Target
from instrument.engine import Engine
from instrument.events import (
    AllNotesOff,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MovePad,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
    SetParameter,
    SetZones,
)
from instrument.instrument import Instrument
from instrument.offline import arrange, perform
from instrument.offline_player import PresetPlayer
from instrument.performance import BeginPerformance, UsePreset
from instrument.pool import NoteInfo, NotePool
from instrument.preset import Preset
from instrument.renderer_protocol import ModelLoaded, RenderNote
from instrument.song import SongError, read_song
from instrument.sound_file import SoundFile
from instrument.state import TAPE_FRAMES
from instrument.status import RecordError, RecordSettings
from instrument.zones import Zones
from tests.instrument.test_instrument import (
    RATE,
    TIMBRES,
    PretendedRenderer,
    Rig,
    make_preset,
    notices,
)

N_SLOTS = 100
BLOCK = 441  # no multiple of the engine's own 64


class RenderedAsLive:
    """A note source of the renderer that the live instrument has."""

    def __init__(self) -> None:
        self.pool = NotePool(N_SLOTS, round(4.5 * RATE))
        self._renderer = PretendedRenderer(self.pool.name, (N_SLOTS, self.pool.n_frames))
        self._cues: deque = deque()
        self._held: dict[tuple[str, int], NoteInfo] = {}

    def expect(self, cues) -> None:
        self._cues = deque(cues)

    def next_note(self, slots_in_use) -> NoteInfo:
        cue = self._cues.popleft()
        if cue.key not in self._held:
            self._renderer.render(self._job(cue.target, cue.pitch))
            (answer,) = self._renderer.poll()
            self._held[cue.key] = answer.note
        return self._held[cue.key]

    def _job(self, target: Target, pitch: int) -> RenderNote:
        slot = len(self._held) + 1
        return RenderNote(
            slot, target.model, target.latents, target.x, target.y, pitch, slot, sample_rate=RATE
        )

    def close(self) -> None:
        self._renderer.close()
        self.pool.close()


class Stage:
    """An instrument that is played in blocks, on a clock of its own."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.instrument: Instrument = rig.start()
        rig.settle(self.instrument)
        self.heard: list[np.ndarray] = []

    def play(self, *events, blocks=5) -> None:
        """Post events, then play on and let new notes come in."""
        for event in events:
            self.instrument.post(event)
        for _ in range(blocks):
            out = np.zeros((BLOCK, 2), np.float32)
            self.instrument.engine.process(out)
            self.heard.append(out)
        self.instrument.tick()

    def settle(self) -> None:
        self.rig.settle(self.instrument)


@pytest.fixture(autouse=True)
def _nothing_but_what_a_test_makes(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path / "bundled")
    monkeypatch.setattr(midi, "available_apis", lambda: ())
    monkeypatch.setattr(files.os, "fsync", lambda _descriptor: None)


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path / "data")
    yield rig
    for instrument in rig.made:
        instrument.close()


@pytest.fixture
def stage(rig):
    return Stage(rig)


def both(folder, **changes) -> RecordSettings:
    values = {
        "format": "wav32",
        "sound_path": str(folder / "take.wav"),
        "performance_path": str(folder / "take.mid"),
    } | changes
    return RecordSettings(**values)


def render(song) -> np.ndarray:
    """Play a recorded MIDI file as `timbrepad render` does: float32 [frame, 2]."""
    events = read_song(song)
    begin = events[0]
    notes = RenderedAsLive()
    model = Rig.model if hasattr(Rig, "model") else None
    player = PresetPlayer(begin.preset, model or _model(begin), TIMBRES)
    blocks = []
    engine = Engine(RATE, notes.pool)
    moments = arrange(events, player, range(48, 73))
    perform(moments, notes, engine, RATE, lambda b: blocks.append(b.copy()), begin=begin)
    notes.close()
    return np.concatenate(blocks)


def _model(begin: BeginPerformance):
    from instrument.status import ModelInfo

    return ModelInfo(begin.preset.model_name, begin.preset.model_hash, "", latent_size=4)


def perform_a_piece(stage: Stage) -> None:
    """Play a bit of everything; the pad and the presets change while no key is down."""
    on, off = NoteOn, NoteOff
    stage.play(on(note=60, velocity=90), on(note=64, velocity=70), blocks=7)
    stage.play(PitchBend(value=-0.5), ControlChange(controller=11, value=90))
    stage.play(off(note=64), ControlChange(controller=64, value=127), blocks=3)
    stage.play(off(note=60), on(note=67, velocity=110), ChannelPressure(value=80), blocks=20)
    stage.play(ControlChange(controller=64, value=0), off(note=67), PitchBend(value=0.0), blocks=90)
    stage.play(MovePad(x=0.3, y=0.8))
    stage.settle()
    stage.play(SetParameter(name="unison", value=3.0), SetParameter(name="cutoff", value=900.0))
    stage.play(on(note=55, velocity=100), blocks=30)
    stage.play(ControlChange(controller=1, value=100), KeyPressure(note=55, value=99), blocks=30)
    stage.play(off(note=55), blocks=90)
    stage.instrument.load_preset(make_preset("Other", pad_x=0.9, pad_y=0.1))
    stage.settle()
    stage.play(on(note=57, velocity=100), blocks=30)
    stage.play(off(note=57), blocks=60)


def test_a_recorded_performance_renders_to_the_sound_that_was_recorded(stage, tmp_path):
    stage.play(NoteOn(note=50, velocity=90), NoteOff(note=50), blocks=120)  # before the take
    stage.instrument.start_recording(both(tmp_path))
    first = len(stage.heard)
    perform_a_piece(stage)
    stage.instrument.stop_recording()
    live, rate = soundfile.read(tmp_path / "take.wav", dtype="float32")
    assert rate == RATE
    assert np.array_equal(live, np.concatenate(stage.heard[first:]))
    again = render(tmp_path / "take.mid")[: len(live)]
    assert np.abs(live).max() > 0.1
    assert np.abs(again - live).max() < 1e-6
