from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import mido
import msgspec
import numpy as np
import pytest
import soundfile

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.notes.offline_notes import Cue
from instrument.notes.target import Target, make_target
from instrument.presets.preset import Preset, PresetError
from instrument.songs.arranging import FOLLOW_SECONDS, Moment, arrange
from instrument.songs.offline import Block, WaveError, perform, wave_file
from instrument.songs.offline_player import PresetPlayer, WalkPlayer, preset_of_latent
from instrument.songs.song import SongError, read_song
from instrument.values.events import (
    AnyEvent,
    ControlChange,
    FollowTempo,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
    SetParameter,
    SetZones,
)
from instrument.values.status import Corner, ModelInfo, Timbre
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones
from tests.instrument.pad_corners import x_of
from tests.signals import harmonic_note

SAMPLE_RATE = 48000
MODEL = ModelInfo(name="pretend", hash="abc", path="", latent_size=2)
PITCHES = range(24, 85)
PRESET = Preset(
    name="four", corners=tuple(Corner(name=str(i), z=(float(i), 1.0)) for i in range(4))
)


class MadeNotes:
    """A note source whose notes are plain harmonic ones."""

    def __init__(self) -> None:
        self.pool = NotePool(40, 2 * SAMPLE_RATE)
        self.asked: list[Cue] = []
        self._cues: deque[Cue] = deque()
        self._slots: dict[tuple[str, int], int] = {}

    def expect(self, cues: Sequence[Cue]) -> None:
        self._cues = deque(cues)

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        cue = self._cues.popleft()
        self.asked.append(cue)
        wave = harmonic_note(cue.pitch, 1.5, SAMPLE_RATE, release_seconds=0.05)
        slot = self._slots.setdefault(cue.key, len(self._slots) + 1)
        if slot not in slots_in_use:
            self.pool.write(slot, wave)
        return NoteInfo(slot, len(wave))


@pytest.fixture
def notes() -> Iterator[MadeNotes]:
    notes = MadeNotes()
    yield notes
    notes.pool.close()


def player(preset_of_program: object = None) -> PresetPlayer:
    return PresetPlayer(PRESET, MODEL, (), preset_of_program)  # type: ignore[arg-type]


def played(moments: list[Moment], notes: MadeNotes) -> Block:
    blocks: list[Block] = []
    engine = Engine(SAMPLE_RATE, notes.pool)
    perform(moments, notes, engine, SAMPLE_RATE, lambda block: blocks.append(block.copy()))
    return np.concatenate(blocks)


def two_notes() -> list[AnyEvent]:
    return [
        NoteOn(note=60, velocity=100, time_seconds=0.5),
        NoteOff(note=60, time_seconds=0.8),
        NoteOn(note=90, velocity=100, time_seconds=1.0),
        NoteOff(note=90, time_seconds=1.2),
    ]


def test_a_note_begins_when_its_event_says(notes: MadeNotes) -> None:
    wave = np.abs(played(arrange(two_notes(), player(), PITCHES), notes)).max(axis=1)
    assert wave[: SAMPLE_RATE // 2].max() == 0
    first = int(np.flatnonzero(wave > 1e-3)[0])
    assert 0 <= first - SAMPLE_RATE // 2 < 0.004 * SAMPLE_RATE


def test_a_performance_ends_in_silence_and_below_full_scale(notes: MadeNotes) -> None:
    chord: list[AnyEvent] = [NoteOn(note=note, velocity=127) for note in range(40, 70)]
    wave = np.abs(played(arrange(chord, player(), PITCHES), notes))
    assert wave.max() < 1.0
    assert wave[-1000:].max() < 1e-4


def test_the_same_performance_gives_the_same_samples(notes: MadeNotes) -> None:
    moments = arrange(two_notes(), player(), PITCHES)
    np.testing.assert_array_equal(played(moments, notes), played(moments, notes))


def test_notes_that_the_model_can_not_make_ask_for_the_nearest_that_it_can() -> None:
    cues = [cue for moment in arrange(two_notes(), player(), PITCHES) for cue in moment.cues]
    assert [cue.pitch for cue in cues] == [60, 84]


def test_tuned_and_transposed_notes_ask_for_the_note_that_sounds() -> None:
    pitches = (None, *(key + 3.4 for key in range(1, 128)))
    tuned = PresetPlayer(PRESET, MODEL, (), tuning=Tuning("test", pitches))
    events: list[AnyEvent] = [
        NoteOn(note=0, velocity=100),
        NoteOn(note=60, velocity=100, time_seconds=0.1),
        SetParameter(name="transpose", value=-2.0, time_seconds=0.2),
        NoteOn(note=60, velocity=100, time_seconds=0.3),
    ]
    cues = [cue for moment in arrange(events, tuned, PITCHES) for cue in moment.cues]
    assert [cue.pitch for cue in cues] == [63, 61]


def cued(events: list[AnyEvent]) -> list[int]:
    moments = arrange(events, player(), PITCHES)
    return [cue.pitch for moment in moments for cue in moment.cues]


def test_a_long_bend_asks_once_for_each_note_that_it_comes_by() -> None:
    events: list[AnyEvent] = [
        SetParameter(name="bend_range", value=12.0),
        NoteOn(note=60, velocity=100),
        NoteOn(note=70, velocity=100, channel=1),
        *(PitchBend(value=i / 100, time_seconds=i / 100) for i in range(1, 51)),
        *(PitchBend(value=i / 100, time_seconds=1 - i / 100) for i in range(50, 0, -1)),
    ]
    assert cued(events) == [60, 70, *range(61, 67)]


def test_in_a_zone_a_bend_is_its_own_notes_and_the_masters_is_everyones() -> None:
    zones = SetZones(zones=Zones(lower=15))
    notes = [NoteOn(note=60 + 2 * c, velocity=100, channel=c) for c in (1, 2)]
    assert cued([zones, *notes, PitchBend(value=0.25, channel=2)]) == [62, 64, 76]
    assert cued([zones, *notes, PitchBend(value=1.0, channel=0)]) == [62, 64, 66]


def test_a_glide_asks_for_notes_on_its_way() -> None:
    events: list[AnyEvent] = [
        SetParameter(name="portamento", value=2.0),
        NoteOn(note=60, velocity=100),
        NoteOff(note=60, time_seconds=0.5),
        NoteOn(note=67, velocity=100, time_seconds=1.0),
        NoteOn(note=62, velocity=100, time_seconds=2.0),
    ]
    assert cued(events) == [60, 62, 64, 66, 67, 65, 63, 62]


def test_a_held_note_follows_the_pad_and_a_released_one_does_not() -> None:
    events: list[AnyEvent] = [
        NoteOn(note=60, velocity=100),
        NoteOn(note=62, velocity=100),
        NoteOff(note=62, time_seconds=0.1),
        *(ControlChange(controller=16, value=v, time_seconds=0.2 + v / 1000) for v in range(120)),
        NoteOff(note=60, time_seconds=1.0),
    ]
    moments = arrange(events, player(), PITCHES)
    follows = [moment for moment in moments if moment.cues and moment.seconds > 0.15]
    assert {cue.pitch for moment in follows for cue in moment.cues} == {60}
    assert len({cue.target.cell for moment in follows for cue in moment.cues}) == len(follows)
    gaps = np.diff([moment.seconds for moment in follows])
    assert gaps.min() > 0.99 * FOLLOW_SECONDS


def test_the_pedal_keeps_a_note_following() -> None:
    events: list[AnyEvent] = [
        NoteOn(note=60, velocity=100),
        ControlChange(controller=64, value=127, time_seconds=0.1),
        NoteOff(note=60, time_seconds=0.2),
        ControlChange(controller=17, value=127, time_seconds=0.32),
        ControlChange(controller=64, value=0, time_seconds=0.6),
        ControlChange(controller=17, value=0, time_seconds=0.7),
        NoteOn(note=61, velocity=1, time_seconds=1.0),
    ]
    moments = arrange(events, player(), PITCHES)
    assert [(m.seconds, m.cues[0].pitch) for m in moments if m.cues][1:-1] == [
        (pytest.approx(0.4), 60)
    ]


def test_a_program_change_opens_a_preset_and_an_unknown_one_changes_nothing() -> None:
    other = preset_of_latent((5.0, 5.0), "other")

    def preset_of_program(program: int, _bank: int) -> Preset:
        if program == 1:
            return other
        raise PresetError("there is none")

    performer = player(preset_of_program)
    before = performer.target(0.0)
    performer.play(ProgramChange(program=7))
    assert performer.target(0.0) == before
    performer.play(ProgramChange(program=1))
    after = performer.target(0.0)
    assert np.frombuffer(after.latents, "<f4").reshape(4, 2).tolist() == [[5.0, 5.0]] * 4


def test_a_preset_of_another_model_takes_this_models_timbres_of_the_same_names() -> None:
    timbres = [Timbre(name=f"t{i}", family="", z=(float(i), 9.0)) for i in range(6)]
    foreign = Preset(
        model_hash="foreign",
        corners=tuple(Corner(name="", z=(0.0,) * 7, timbre=f"t{i}") for i in (5, 3, 1, 0)),
    )
    target = PresetPlayer(foreign, MODEL, timbres).target(0.0)
    latents = np.frombuffer(target.latents, "<f4").reshape(4, 2)
    assert latents[:, 0].tolist() == [5.0, 3.0, 1.0, 0.0]


def test_a_walk_goes_from_one_drawn_timbre_to_the_next() -> None:
    walk = WalkPlayer(
        Preset(corners=PRESET.corners),
        MODEL,
        (),
        lambda seed: (float(seed), 1.0),
        seed=10,
        step_seconds=2.0,
    )

    def place(target: Target) -> tuple[float, float, float]:
        latents = np.frombuffer(target.latents, "<f4").reshape(-1, 2)
        return float(latents[0, 0]), float(latents[1, 0]), x_of(target)

    assert place(walk.target(0.0)) == (10.0, 11.0, 0.0)
    assert place(walk.target(3.0)) == (11.0, 12.0, 0.5)
    arrived = make_target(MODEL.hash, [(11.0, 1.0)] * 4, 0.0, 0.0)
    assert walk.target(2.0).cell == arrived.cell


def test_a_file_that_can_not_be_finished_leaves_the_former_one(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"former")

    def stop_half_way() -> None:
        with wave_file(path, 48000) as write:
            write(np.zeros((100, 2), np.float32))
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        stop_half_way()
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(WaveError, match="none"),
        wave_file(tmp_path / "none" / "a.wav", 48000),
    ):
        pass


def test_a_wave_file_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    tone = np.linspace(-0.9, 0.9, 2000, dtype=np.float32).reshape(1000, 2)
    with wave_file(path, 44100) as write:
        write(tone[:300])
        write(tone[300:])
    wave, sample_rate = soundfile.read(path)
    assert sample_rate == 44100
    np.testing.assert_allclose(wave, tone, atol=2**-23)


def test_a_song_is_read_with_its_tempo_and_all_its_tracks(tmp_path: Path) -> None:
    song = mido.MidiFile(ticks_per_beat=100)
    song.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)]))
    for note in (60, 72):
        on = mido.Message("note_on", note=note, velocity=5, time=100)
        off = mido.Message("note_on", note=note, velocity=0, time=50)
        song.tracks.append(mido.MidiTrack([on, off]))
    song.save(tmp_path / "song.mid")
    events = read_song(tmp_path / "song.mid")
    assert [event.tempo for event in events[:2]] == [120.0, 60.0]
    assert [(type(event), event.time_seconds) for event in events] == [
        (FollowTempo, 0.0),
        (FollowTempo, 0.0),
        (NoteOn, 1.0),
        (NoteOn, 1.0),
        (NoteOff, 1.5),
        (NoteOff, 1.5),
    ]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60"])
def test_what_is_no_song_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(content)
    with pytest.raises(SongError, match=r"song\.mid"):
        read_song(path)


def test_an_endless_song_is_refused(tmp_path: Path) -> None:
    late = mido.Message("note_on", note=60, time=2**27)
    mido.MidiFile(tracks=[mido.MidiTrack([late])]).save(tmp_path / "song.mid")
    with pytest.raises(SongError, match="hours"):
        read_song(tmp_path / "song.mid")


def moving_player(**values: float) -> PresetPlayer:
    preset = msgspec.structs.replace(PRESET, parameters={**PRESET.parameters, **values})
    return PresetPlayer(preset, MODEL, ())


def long_note() -> list[AnyEvent]:
    return [
        FollowTempo(tempo=60.0),
        NoteOn(note=60, velocity=100, time_seconds=0.5),
        NoteOff(note=60, time_seconds=2.5),
    ]


def places(moments: list[Moment]) -> list[tuple[float, float]]:
    return [(moment.seconds, x_of(cue.target)) for moment in moments for cue in moment.cues]


def test_a_held_note_follows_motion_ten_times_a_second() -> None:
    moving = moving_player(lfo_x_depth=1.0, lfo_x_rate=0.5, lfo_x_shape=1.0)
    heard = places(arrange(long_note(), moving, PITCHES))
    assert [seconds for seconds, _ in heard][1:] == pytest.approx(
        [0.6 + FOLLOW_SECONDS * n for n in range(len(heard) - 1)]
    )
    assert len(heard) >= 19
    assert max(x for _, x in heard) > 0.9
    assert min(x for _, x in heard) < 0.1


def test_motion_bound_to_the_tempo_follows_the_songs() -> None:
    moving = moving_player(lfo_x_depth=1.0, lfo_x_shape=2.0, lfo_x_division=4.0)  # rising, a bar
    for seconds, x in places(arrange(long_note(), moving, PITCHES)):
        assert x == pytest.approx(seconds / 4.0, abs=0.02)  # a bar lasts four seconds


def test_a_song_with_motion_is_arranged_the_same_each_time() -> None:
    values = {"drift_depth": 0.8, "lfo_y_depth": 0.5, "lfo_y_shape": 5.0}
    once, again = (arrange(long_note(), moving_player(**values), PITCHES) for _ in range(2))
    assert once == again


def test_without_motion_nothing_is_asked_for_between_the_events() -> None:
    assert len(places(arrange(long_note(), player(), PITCHES))) == 1


def test_the_tail_of_a_slow_delay_is_waited_for(notes: MadeNotes) -> None:
    values = {"delay_mix": 0.7, "delay_division": 0.0, "delay_time": 1.5, "delay_feedback": 0.3}
    short: list[AnyEvent] = [NoteOn(note=60, velocity=127), NoteOff(note=60, time_seconds=0.05)]
    moments = arrange(short, moving_player(**values, release=0.005), PITCHES)
    wave = np.abs(played(moments, notes)).max(axis=1)
    for n_echo in range(1, 4):
        window = wave[round(1.5 * n_echo * SAMPLE_RATE) :][: SAMPLE_RATE // 10]
        assert window.max() > 1e-3
    assert wave[-1000:].max() < 1e-4


def test_a_soft_strike_asks_for_the_note_of_its_layer_and_withdraws_it_when_it_is_over() -> None:
    events: list[AnyEvent] = [
        SetParameter(name="velocity_timbre", value=0.8),
        NoteOn(note=60, velocity=10, time_seconds=0.1),
        NoteOff(note=60, time_seconds=0.2),
        NoteOn(note=62, velocity=127, time_seconds=0.3),
    ]
    soft, hard = (moment for moment in arrange(events, player(), PITCHES) if moment.cues)
    assert [(cue.pitch, cue.layer) for cue in soft.cues] == [(60, 2)]
    assert [cue.target.shade.softness for cue in soft.cues] == [0.8]
    assert [(cue.pitch, cue.layer) for cue in hard.cues] == [(62, 0)]
    assert (soft.withdrawn, hard.withdrawn) == ((), ((2, 60),))


def test_held_notes_follow_the_pad_in_the_layers_of_their_strikes() -> None:
    events: list[AnyEvent] = [
        SetParameter(name="ensemble", value=0.5),
        NoteOn(note=60, velocity=100),
        ControlChange(controller=16, value=127, time_seconds=0.05),
        NoteOff(note=60, time_seconds=1.0),
    ]
    moments = arrange(events, player(), PITCHES)
    cues = [
        [(cue.layer, x_of(cue.target)) for cue in moment.cues] for moment in moments if moment.cues
    ]
    assert cues == [[(4, 0.5), (8, 0.5)], [(4, 1.0), (8, 1.0)]]
