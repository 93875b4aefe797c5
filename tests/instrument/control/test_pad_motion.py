import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.control.controls import Controls
from instrument.control.pad_motion import LONGEST_SECONDS, STEP_SECONDS, PadMotion
from instrument.presets.preset import Preset
from instrument.values.divisions import MOTION_BEATS
from instrument.values.events import (
    ContinueSong,
    FollowTempo,
    LocateSong,
    MidiClock,
    MovePad,
    NoteOff,
    NoteOn,
    RecordPath,
    SetParameter,
    SetPath,
    StartSong,
    StopSong,
    TapTempo,
)
from instrument.values.pad_path import PadPath
from instrument.values.parameters import BY_NAME, LFO_SHAPES

ACROSS = PadPath(((0.0, 0.2, 0.5), (1.0, 0.6, 0.5)))
MOTION = [
    name
    for name in BY_NAME
    if name.startswith(("lfo_", "pad_", "drift_", "path_")) or name == "tempo"
]


class Pad:
    """Controls with their motion, and a clock that only goes on by steps."""

    def __init__(self, x=0.5, y=0.5, **values):
        self.controls = Controls()
        self.motion = PadMotion(self.controls)
        self.now = 0.0
        self.told = []
        self.turn(**values)
        self.controls.move_pad(x, y)
        self.motion.step(0.0)

    def turn(self, **values):
        for name, value in values.items():
            self.controls.play(SetParameter(name=name, value=value))

    def post(self, event):
        if isinstance(event, (NoteOn, NoteOff, MovePad)):
            self.controls.play(event)
        else:
            self.told += self.motion.take(event, self.now)

    def run(self, seconds):
        """Go on; give the places where it is heard."""
        places = []
        for _ in range(round(seconds / STEP_SECONDS)):
            self.now += STEP_SECONDS
            self.told += self.motion.step(self.now)
            places.append(self.controls.heard_place)
        return places

    def clock(self, tempo, beats):
        for _ in range(round(24 * beats)):
            self.now += 60.0 / (24 * tempo)
            self.post(MidiClock())

    def tempos(self):
        return [event.value for event in self.told if event.name == "tempo"]


def test_by_default_nothing_moves_and_nobody_need_look():
    pad = Pad(0.3, 0.7)
    assert set(pad.run(2.0)) == {(0.3, 0.7)}
    assert not pad.motion.is_active
    assert pad.controls.heard_revision == pad.controls.revision


def test_an_oscillator_swings_round_the_hands_place_as_often_as_it_says():
    pad = Pad(0.5, 0.3, lfo_x_depth=0.4, lfo_x_rate=1.0)
    places = pad.run(4.0)
    assert max(x for x, _ in places) == pytest.approx(0.7, abs=0.002)
    assert min(x for x, _ in places) == pytest.approx(0.3, abs=0.002)
    assert {y for _, y in places} == {0.3}
    assert places[29] == pytest.approx(places[59], abs=1e-6)
    rising = [a[0] < 0.5 <= b[0] for a, b in itertools.pairwise(places)]
    assert sum(rising) in (3, 4)


def test_an_oscillator_bound_to_the_tempo_takes_a_bar():
    pad = Pad(lfo_y_depth=1.0, lfo_y_shape=2.0, lfo_y_division=4.0, tempo=120.0)  # rising, 1 bar
    places = pad.run(2.0)
    heights = [y for _, y in places[:-1]]
    assert heights == sorted(heights)
    assert places[29][1] == pytest.approx(0.5, abs=0.01)  # half a bar


def test_turning_the_rate_makes_no_jump():
    pad = Pad(lfo_x_depth=1.0, lfo_x_rate=0.3)
    before = pad.run(3.0)[-1]
    pad.turn(lfo_x_rate=0.31)
    assert (
        math.dist(pad.run(STEP_SECONDS)[0], before) < 0.5 * 2 * math.pi * 0.31 * STEP_SECONDS * 1.1
    )


def test_a_hand_on_the_pad_shifts_what_moves():
    pad = Pad(lfo_x_depth=0.2, lfo_x_rate=1.0)
    pad.run(1.0)
    pad.post(MovePad(x=0.3, y=0.9))
    places = pad.run(1.0)
    assert {y for _, y in places} == {0.9}
    assert sum(x for x, _ in places) / len(places) == pytest.approx(0.3, abs=0.01)


def test_an_envelope_begins_with_the_first_key_of_a_phrase_and_comes_back():
    pad = Pad(0.2, 0.8, pad_attack_x=0.5, pad_attack_y=-0.4, pad_attack=0.5, pad_decay=1.0)
    assert set(pad.run(1.0)) == {(0.2, 0.8)}
    pad.post(NoteOn(note=60, velocity=90))
    places = pad.run(3.0)
    assert max(x for x, _ in places) == pytest.approx(0.7, abs=0.03)
    assert min(y for _, y in places) == pytest.approx(0.4, abs=0.03)
    assert places[-1] == (0.2, 0.8)
    pad.post(NoteOn(note=64, velocity=90))  # 60 is still down
    assert set(pad.run(1.0)) == {(0.2, 0.8)}
    for note in (60, 64):
        pad.post(NoteOff(note=note))
    pad.post(NoteOn(note=60, velocity=90))
    assert pad.run(0.5)[-1][0] > 0.5


def test_a_drift_wanders_within_its_depth_and_the_same_way_each_time():
    def walk():
        return Pad(drift_depth=0.4, drift_rate=1.0).run(60.0)

    places = walk()
    assert places == walk()
    for axis in (0, 1):
        values = [place[axis] for place in places]
        assert 0.3 <= min(values) < 0.4
        assert 0.6 < max(values) <= 0.7
        steps = [abs(a - b) for a, b in itertools.pairwise(values)]
        assert max(steps) < 0.05


def test_a_path_in_a_loop_begins_anew_after_its_beats():
    pad = Pad(0.2, 0.5, tempo=120.0, path_beats=4.0, path_mode=1.0)  # two seconds
    pad.post(SetPath(path=ACROSS))
    places = pad.run(4.0)
    assert places[29][0] == pytest.approx(0.4, abs=0.01)
    assert places[58][0] == pytest.approx(0.6, abs=0.02)
    assert places[64][0] == pytest.approx(0.2 + 0.4 * 4 / 60, abs=0.02)


def test_a_path_to_and_fro_comes_back_the_same_way():
    pad = Pad(0.2, 0.5, path_beats=4.0, path_mode=3.0)
    pad.post(SetPath(path=ACROSS))
    places = pad.run(4.1)
    assert max(x for x, _ in places) == pytest.approx(0.6, abs=0.01)
    assert places[89][0] == pytest.approx(0.4, abs=0.01)
    steps = [abs(a[0] - b[0]) for a, b in itertools.pairwise(places)]
    assert max(steps) < 0.01


def test_a_path_that_is_played_once_begins_with_a_phrase_and_stays_at_its_end():
    pad = Pad(0.2, 0.5, path_beats=2.0, path_mode=2.0)
    pad.post(SetPath(path=ACROSS))
    assert set(pad.run(2.0)) == {(0.2, 0.5)}
    pad.post(NoteOn(note=60, velocity=90))
    places = pad.run(3.0)
    assert places[15][0] == pytest.approx(0.4, abs=0.02)
    assert places[-1][0] == pytest.approx(0.6)


def test_depth_says_how_much_of_a_path_is_gone():
    pad = Pad(0.2, 0.5, path_mode=3.0, path_depth=0.5)
    pad.post(SetPath(path=ACROSS))
    assert max(x for x, _ in pad.run(4.0)) == pytest.approx(0.4, abs=0.01)


def test_a_path_is_gone_from_where_the_hand_is_and_never_leaves_the_pad():
    pad = Pad(0.8, 0.1, path_mode=3.0)
    pad.post(SetPath(path=ACROSS))
    assert max(x for x, _ in pad.run(4.0)) == 1.0


def test_a_recorded_path_is_what_the_hand_did_and_begins_where_it_began():
    pad = Pad(0.1, 0.1, tempo=120.0, path_mode=0.0)
    pad.run(1.0)
    pad.post(RecordPath(is_on=True))
    assert pad.motion.recording == "path"
    for n in range(60):
        pad.post(MovePad(x=0.1 + 0.01 * n, y=0.1))
        pad.run(STEP_SECONDS)
    pad.post(RecordPath(is_on=False))
    assert pad.motion.recording == ""
    assert pad.controls.parameters["path_beats"] == 4.0  # two seconds
    assert pad.controls.parameters["path_mode"] == 1.0
    assert (pad.controls.pad_x, pad.controls.pad_y) == (0.1, 0.1)
    for n, place in enumerate(pad.run(1.9)):
        assert place == pytest.approx((0.1 + 0.01 * n, 0.1), abs=0.03)


def test_a_drawn_path_goes_at_an_even_pace_over_the_beats_that_are_set():
    pad = Pad(0.1, 0.1, path_beats=8.0)
    pad.post(RecordPath(is_on=True, is_even=True))
    assert pad.motion.recording == "drawing"
    for n in range(31):  # ever faster
        pad.post(MovePad(x=0.1 + 0.8 * (n / 30) ** 3, y=0.1))
        pad.run(STEP_SECONDS)
    pad.post(RecordPath(is_on=False))
    assert pad.controls.parameters["path_beats"] == 8.0
    assert pad.run(2.0)[-1][0] == pytest.approx(0.5, abs=0.02)  # half of four seconds


def test_a_hand_that_does_not_move_records_nothing():
    pad = Pad()
    pad.post(SetPath(path=ACROSS))
    pad.post(RecordPath(is_on=True))
    pad.run(1.0)
    pad.post(RecordPath(is_on=False))
    assert pad.controls.path == ACROSS


def test_a_recording_that_is_forgotten_ends_by_itself():
    pad = Pad()
    pad.post(RecordPath(is_on=True))
    pad.post(MovePad(x=0.9, y=0.9))
    pad.run(LONGEST_SECONDS + 1.0)
    assert pad.motion.recording == ""
    assert pad.controls.path is not None


def test_motion_changes_no_preset_and_the_path_does():
    pad = Pad(lfo_x_depth=0.5, drift_depth=0.5)
    before = pad.controls.revision
    heard = pad.controls.heard_revision
    pad.run(2.0)
    assert pad.controls.revision == before
    assert pad.controls.heard_revision > heard
    preset = pad.controls.preset("x", "", "")
    assert (preset.pad_x, preset.pad_y) == (0.5, 0.5)
    pad.post(SetPath(path=ACROSS))
    assert pad.controls.revision > before
    assert pad.controls.preset("x", "", "").path == ACROSS


def test_a_preset_brings_its_path_or_takes_it_away():
    pad = Pad(0.2, 0.5)
    pad.controls.load(Preset(path=ACROSS, pad_x=0.2))
    assert pad.run(1.0)[-1][0] > 0.3
    pad.controls.load(Preset(pad_x=0.2))
    assert pad.run(1.0)[-1] == (0.2, 0.5)


def test_a_path_that_is_none_is_refused():
    pad = Pad()
    with pytest.raises(ValueError, match=r"2\.\.512"):
        pad.post(SetPath(path=PadPath(())))
    assert pad.controls.path is None


def test_the_clocks_tempo_is_told_to_the_engine_and_the_presets_stays():
    pad = Pad(tempo=90.0)
    pad.clock(140.0, 4)
    assert pad.tempos()[-1] == pytest.approx(140.0, abs=0.05)
    assert pad.motion.is_following(pad.now)
    assert pad.controls.parameters["tempo"] == 90.0
    assert len(pad.tempos()) < 5  # an even clock does not tremble
    pad.run(2.0)
    assert pad.tempos()[-1] == 90.0
    assert not pad.motion.is_following(pad.now)


def test_a_knob_turned_while_the_clock_counts_is_heard_when_it_has_gone():
    pad = Pad(tempo=90.0)
    pad.clock(140.0, 2)
    (told,) = pad.controls.play(SetParameter(name="tempo", value=70.0))
    assert told.value == pytest.approx(140.0, abs=0.1)
    pad.run(2.0)
    assert pad.tempos()[-1] == 70.0


def test_a_path_follows_start_stop_and_song_position():
    pad = Pad(0.2, 0.5, path_beats=4.0, path_mode=1.0)
    pad.post(SetPath(path=ACROSS))
    pad.clock(120.0, 2)
    pad.post(StartSong())
    pad.clock(120.0, 2)
    pad.motion.step(pad.now)
    assert pad.motion.share == pytest.approx(0.5, abs=0.02)
    pad.post(StopSong())
    pad.clock(120.0, 1)
    pad.motion.step(pad.now)
    assert pad.motion.share == pytest.approx(0.5, abs=0.02)
    pad.post(LocateSong(sixteenths=12))
    pad.post(ContinueSong())
    pad.clock(120.0, 0.5)
    pad.motion.step(pad.now)
    assert pad.motion.share == pytest.approx(0.75 + 0.125, abs=0.02)


def test_taps_set_the_tempo_of_the_preset():
    pad = Pad()
    for _ in range(4):
        pad.post(TapTempo())
        pad.now += 0.75
    assert pad.controls.parameters["tempo"] == 80.0
    assert pad.tempos() == [80.0] * 3


def test_a_songs_tempo_counts_and_not_the_presets():
    pad = Pad(tempo=90.0, lfo_x_depth=1.0, lfo_x_shape=2.0, lfo_x_division=4.0)
    pad.post(FollowTempo(tempo=60.0))
    assert pad.tempos() == [60.0]
    assert pad.run(2.0)[-1][0] == pytest.approx(0.5, abs=0.02)  # half a bar of four seconds


@settings(max_examples=60, deadline=None)
@given(
    turned=st.dictionaries(st.sampled_from(MOTION), st.floats(0.0, 1.0), max_size=8),
    place=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    steps=st.lists(st.floats(0.0, 100.0), max_size=20),
    has_path=st.booleans(),
)
def test_whatever_is_set_the_pad_is_heard_on_the_pad(turned, place, steps, has_path):
    pad = Pad(*place, **{name: BY_NAME[name].from_position(at) for name, at in turned.items()})
    if has_path:
        pad.post(SetPath(path=ACROSS))
    pad.post(NoteOn(note=60, velocity=90))
    for wait in steps:
        pad.now += wait
        pad.motion.step(pad.now)
        assert all(0.0 <= value <= 1.0 for value in pad.controls.heard_place)
        assert (pad.controls.pad_x, pad.controls.pad_y) == place


PER_NOTE = {"motion_per": 1, "lfo_x_depth": 1.0, "lfo_x_rate": 0.5}


class TestMotionOfEachNote:
    def x_of(self, pad, note):
        values = pad.controls.parameters
        own = pad.controls.own_notes.moved(values, *pad.controls.heard_place).values()
        return next((of.x for of in own if of.note == note), None)

    def strike(self, pad, note):
        event = NoteOn(note=note, velocity=100)
        pad.post(event)
        pad.controls.as_sounding(event)

    def test_oscillators_begin_with_each_note_and_leave_the_pad_where_it_is(self):
        pad = Pad(**PER_NOTE)
        pad.run(0.3)
        self.strike(pad, 60)
        pad.run(0.5)  # a quarter of a cycle
        first = self.x_of(pad, 60)
        self.strike(pad, 64)
        pad.run(0.5)
        assert first == pytest.approx(1.0, abs=0.04)
        assert self.x_of(pad, 64) == pytest.approx(first, abs=0.04)
        assert self.x_of(pad, 60) == pytest.approx(0.5, abs=0.08)
        assert pad.controls.heard_place == (0.5, 0.5)

    def test_by_tempo_a_note_counts_beats_from_its_own_beginning(self):
        pad = Pad(tempo=60, **PER_NOTE)
        pad.turn(lfo_x_division=MOTION_BEATS.index(1.0), lfo_x_shape=LFO_SHAPES.index("rising"))
        pad.run(0.25)
        self.strike(pad, 60)
        pad.run(0.5)
        assert self.x_of(pad, 60) == pytest.approx(0.5, abs=0.06)

    def test_the_envelope_begins_with_each_note(self):
        pad = Pad(motion_per=1, pad_attack_y=0.25, pad_attack=0.2, pad_decay=20.0)
        self.strike(pad, 60)
        pad.run(0.4)
        self.strike(pad, 64)
        pad.run(0.05)
        own = pad.controls.own_notes.moved(pad.controls.parameters, 0.5, 0.5).values()
        ups = {of.note: of.y for of in own}
        assert ups[60] > 0.7 > ups[64]

    def test_drift_stays_the_pads(self):
        pad = Pad(motion_per=1, drift_depth=1.0, drift_rate=2.0)
        pad.run(1.0)
        assert pad.controls.heard_place != (0.5, 0.5)

    def test_turned_back_it_is_one_motion_for_all(self):
        pad = Pad(**PER_NOTE)
        self.strike(pad, 60)
        pad.run(0.5)
        pad.turn(motion_per=0)
        pad.run(0.1)
        assert self.x_of(pad, 60) is None
        assert pad.controls.has_shift
