"""What is played is recorded as sound and as MIDI, and the MIDI file makes the same sound again."""

import errno
import shutil
from collections import deque

import mido
import numpy as np
import pytest
import soundfile

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.engine.state import TAPE_FRAMES
from instrument.instrument import Instrument
from instrument.midi import midi
from instrument.notes.renderer_protocol import RenderNote
from instrument.notes.target import Target
from instrument.presets.preset import Preset
from instrument.songs.arranging import arrange
from instrument.songs.offline import perform
from instrument.songs.offline_player import PresetPlayer
from instrument.songs.performance import BeginPerformance, UsePreset
from instrument.songs.song import SongError, read_song
from instrument.songs.sound_file import SoundFile
from instrument.storage import files
from instrument.values.events import (
    AllNotesOff,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MidiClock,
    MovePad,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
    SetParameter,
    SetZones,
)
from instrument.values.status import Corner, ModelInfo, RecordError, RecordSettings
from instrument.values.zones import Zones
from tests.instrument.rig import (
    LATENT,
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
            slot, target.model, target.latents, target.weights, pitch, slot, sample_rate=RATE
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
    preset = begin.preset
    model = ModelInfo(preset.model_name, preset.model_hash, "", latent_size=LATENT)
    player = PresetPlayer(preset, model, TIMBRES)
    blocks = []
    engine = Engine(RATE, notes.pool)
    moments = arrange(events, player, range(48, 73))
    perform(moments, notes, engine, RATE, lambda b: blocks.append(b.copy()), begin=begin)
    notes.close()
    return np.concatenate(blocks)


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
    assert np.abs(live).max() > 0.05
    assert np.abs(again - live).max() < 1e-6


def move_on(stage: Stage, seconds: float) -> None:
    """Let what moves the pad go on, and all notes come."""
    stage.rig.now += seconds
    stage.settle()


def test_what_moves_the_pad_by_itself_is_where_it_was_when_it_is_played_again(stage, tmp_path):
    stage.play(
        SetParameter(name="lfo_x_depth", value=0.8),
        SetParameter(name="lfo_x_shape", value=4.0),  # it stands still for two seconds at a time
    )
    move_on(stage, 1.3)
    stage.instrument.start_recording(both(tmp_path))
    for number in range(4):
        stage.play(MovePad(x=0.2 * number, y=0.5))
        stage.rig.now += 0.4
        stage.play(MidiClock(time_seconds=stage.rig.now))
        move_on(stage, 0.7)
        stage.play(NoteOn(note=57, velocity=100), blocks=30)
        stage.play(NoteOff(note=57), blocks=60)
    stage.instrument.stop_recording()
    live, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    again = render(tmp_path / "take.mid")[: len(live)]
    places = {e.x for e in read_song(tmp_path / "take.mid") if isinstance(e, MovePad)}
    assert min(places) == 0.0
    assert max(places) > 0.6 + 0.3
    assert np.abs(live).max() > 0.05
    assert np.abs(again - live).max() < 1e-6


def test_a_tempo_from_outside_is_heard_again(stage, tmp_path):
    stage.play(SetParameter(name="delay_mix", value=0.5), blocks=100)
    stage.instrument.start_recording(both(tmp_path))
    for _ in range(60):
        stage.instrument.post(MidiClock(time_seconds=stage.rig.now))
        stage.rig.now += 60 / 24 / 90  # 90 beats a minute
    stage.play(NoteOn(note=57, velocity=100), blocks=30)
    stage.play(NoteOff(note=57), blocks=120)
    stage.instrument.stop_recording()
    tempos = [event for event in read_song(tmp_path / "take.mid") if "tempo" in str(event)]
    assert any(getattr(event, "value", 0) == pytest.approx(90, abs=1) for event in tempos)
    live, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    again = render(tmp_path / "take.mid")[: len(live)]
    assert np.abs(again - live).max() < 1e-6


def test_a_performance_alone_is_as_exact(stage, tmp_path):
    stage.instrument.start_recording(both(tmp_path, sound=False))
    first = sum(len(block) for block in stage.heard)
    perform_a_piece(stage)
    stage.instrument.stop_recording()
    live = np.concatenate(stage.heard)
    begun = -(-first // 64) * 64  # the next inner block
    again = render(tmp_path / "take.mid")
    assert not (tmp_path / "take.wav").exists()
    n = min(len(again), len(live) - begun)
    assert np.abs(again[:n] - live[begun : begun + n]).max() < 1e-6


def test_other_programs_read_the_notes_where_they_were_played(stage, tmp_path):
    stage.instrument.start_recording(both(tmp_path, sound=False))
    stage.play(NoteOn(note=60, velocity=90), blocks=64)  # 441 inner blocks
    stage.play(NoteOff(note=60))
    stage.instrument.stop_recording()
    song = mido.MidiFile(tmp_path / "take.mid")
    notes, now = [], 0.0
    for message in song:
        now += message.time
        if message.type in {"note_on", "note_off"}:
            notes.append((message.type, message.note, now))
    assert notes == [("note_on", 60, 0.0), ("note_off", 60, pytest.approx(64 * 441 / RATE))]
    assert song.length == pytest.approx(69 * 441 / RATE, abs=64 / RATE)


def test_a_preset_is_kept_with_its_very_latents_and_the_model_that_made_them(stage, tmp_path):
    preset = make_preset("Odd")
    odd = tuple(0.1 + 0.2 * i for i in range(LATENT))
    corners = (Corner("odd", odd), *preset.corners[1:])
    stage.instrument.load_preset(Preset(name="Odd", corners=corners))
    stage.settle()
    stage.instrument.start_recording(both(tmp_path, sound=False))
    stage.play()
    stage.instrument.stop_recording()
    begin = read_song(tmp_path / "take.mid")[0]
    assert isinstance(begin, BeginPerformance)
    assert begin.preset.corners[0].z == odd
    assert begin.preset.model_hash == stage.instrument.status().model.hash


def test_a_preset_changed_midway_is_kept_and_its_program_change_left_to_others(stage, tmp_path):
    stage.instrument.start_recording(both(tmp_path, sound=False))
    stage.play(ProgramChange(program=3))
    stage.instrument.load_preset(make_preset("Second"))
    stage.play()
    stage.instrument.stop_recording()
    events = read_song(tmp_path / "take.mid")
    used = [event.preset.name for event in events if isinstance(event, UsePreset)]
    assert used == ["Second"]
    assert not [event for event in events if isinstance(event, ProgramChange)]
    kinds = [message.type for message in mido.MidiFile(tmp_path / "take.mid")]
    assert "program_change" in kinds


def test_what_stood_before_the_take_stands_at_its_beginning(stage, tmp_path):
    zones = SetZones(zones=Zones(lower=5))
    pedal = ControlChange(controller=64, value=127)
    breath = ControlChange(controller=2, value=33)
    stage.play(zones, pedal, breath, PitchBend(value=1.0, channel=2))
    stage.instrument.start_recording(both(tmp_path, sound=False))
    stage.play()
    stage.instrument.stop_recording()
    events = [event for event in read_song(tmp_path / "take.mid") if event.time_seconds == 0]
    for event in (pedal, breath, PitchBend(value=1.0, channel=2)):
        assert event in events
    assert ControlChange(controller=6, value=5) in events  # the MPE configuration message


def test_a_damaged_mark_is_a_line_that_names_the_file(stage, tmp_path):
    song = tmp_path / "bad.mid"
    data = tuple(b"\x7dtimbrepad {not JSON")
    track = mido.MidiTrack([mido.MetaMessage("sequencer_specific", data=data)])
    mido.MidiFile(tracks=[track]).save(song)
    with pytest.raises(SongError, match=r"bad\.mid"):
        read_song(song)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("wav24", ".wav"), ("wav32", ".wav"), ("flac", ".flac")]
)
def test_each_format_holds_what_was_heard(stage, tmp_path, kind, suffix):
    path = tmp_path / f"take{suffix}"
    settings = both(tmp_path, format=kind, sound_path=str(path), performance=False)
    stage.instrument.start_recording(settings)
    stage.play(NoteOn(note=60, velocity=90), blocks=20)
    stage.instrument.stop_recording()
    sound, _ = soundfile.read(path)
    assert np.abs(sound - np.concatenate(stage.heard)).max() < 2**-22
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("kind", ["wav24", "wav32", "flac"])
def test_what_a_crash_leaves_behind_can_be_played(tmp_path, kind):
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, (9600, 2)).astype(np.float32)
    file = SoundFile(tmp_path / f"take.{'flac' if kind == 'flac' else 'wav'}", 48000, kind)
    file.write(wave)
    left = tmp_path / f"left{file.part.suffix}"
    shutil.copyfile(file.part, left)
    file.close()
    with soundfile.SoundFile(left) as found:
        read = found.read(4096)
    assert np.abs(read - wave[:4096]).max() < 2**-22


def test_takes_without_a_name_go_to_the_players_folder_and_never_onto_another(stage, rig):
    for _ in range(2):
        stage.instrument.start_recording(RecordSettings())
        stage.play()
        stage.instrument.stop_recording()
    folder = rig.folder / "recordings"
    assert len(list(folder.glob("*.wav"))) == len(list(folder.glob("*.mid"))) == 2
    assert notices(stage.instrument)[-1].startswith("Recorded 0:00: ")


def test_the_status_says_that_and_where_it_records(stage, tmp_path):
    assert not stage.instrument.status().recording.is_running
    stage.instrument.start_recording(both(tmp_path, performance=False))
    stage.play(blocks=200)
    stage.instrument.stop_recording()
    stage.instrument.start_recording(both(tmp_path, sound=False))
    stage.play(blocks=200)
    recording = stage.instrument.status().recording
    assert recording.is_running
    assert recording.seconds == pytest.approx(200 * BLOCK / RATE, abs=0.01)
    assert recording.path == str(tmp_path / "take.mid")


def test_a_full_disk_ends_the_take_with_a_line_and_keeps_what_there_is(
    stage, tmp_path, monkeypatch
):
    stage.instrument.start_recording(both(tmp_path, performance=False))
    stage.play(blocks=20)
    take = stage.instrument._taking._recorder._take

    def fail(_frames):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(take._file._file, "write", fail)
    stage.play(blocks=20)
    take._writer.join()
    stage.play(NoteOn(note=60, velocity=90), blocks=20)
    assert not stage.instrument.status().recording.is_running
    assert any("the disk is full" in line for line in notices(stage.instrument))
    assert np.abs(np.concatenate(stage.heard[-10:])).max() > 0.01
    assert (tmp_path / "take.wav").exists()


def test_what_does_not_fit_on_the_tape_is_counted_and_told(stage, tmp_path, monkeypatch):
    monkeypatch.setattr("instrument.songs.recorder.WRITE_SECONDS", 60.0)  # a disk that hangs
    stage.instrument.start_recording(both(tmp_path, performance=False))
    out = np.zeros((TAPE_FRAMES // 2, 2), np.float32)
    for _ in range(3):
        stage.instrument.engine.process(out)
    assert stage.instrument.status().recording.n_lost == len(out)
    monkeypatch.setattr("instrument.songs.recorder.WRITE_SECONDS", 0.0)
    stage.instrument.stop_recording()
    assert any(f"{len(out)} frames" in line for line in notices(stage.instrument))
    assert len(soundfile.read(tmp_path / "take.wav")[0]) == TAPE_FRAMES


def test_a_file_that_can_not_be_made_is_a_line_and_nothing_runs(stage, tmp_path):
    (tmp_path / "file").write_text("")
    bad = str(tmp_path / "file" / "take.wav")
    with pytest.raises(RecordError, match=r"take\.wav"):
        stage.instrument.start_recording(both(tmp_path, sound_path=bad))
    assert not stage.instrument.status().recording.is_running


def test_nothing_chosen_is_nothing_to_record(stage, tmp_path):
    with pytest.raises(RecordError, match="nothing to record"):
        stage.instrument.start_recording(RecordSettings(sound=False, performance=False))


def test_a_long_performance_is_kept_now_and_then(stage, tmp_path, monkeypatch):
    monkeypatch.setattr("instrument.songs.recorder.KEEP_SECONDS", 0.0)
    stage.instrument.start_recording(both(tmp_path, sound=False))
    stage.play(NoteOn(note=60, velocity=90))
    stage.play(AllNotesOff())
    part = tmp_path / "take.part.mid"
    assert NoteOn in {type(event) for event in read_song(part)}
    stage.instrument.stop_recording()
    assert not part.exists()


def test_closing_the_instrument_finishes_the_take(stage, tmp_path):
    stage.instrument.start_recording(both(tmp_path))
    stage.play()
    stage.instrument.close()
    assert (tmp_path / "take.wav").exists()
    assert (tmp_path / "take.mid").exists()
