import math

import pytest

from instrument.control.controls import Controls
from instrument.presets.preset import Preset, decode_preset, encode_preset
from instrument.values.events import (
    AllNotesOff,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    SetParameter,
    SetTuning,
    SetZones,
    TuneKeys,
)
from instrument.values.parameters import BY_NAME, PARAMETERS
from instrument.values.status import Corner
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones
from tests.instrument.pad_corners import x_of, y_of

CORNERS = tuple(Corner(name=f"corner {i}", z=(float(i), 1.0)) for i in range(4))


def control(controller, value):
    return ControlChange(controller=controller, value=value)


@pytest.fixture
def controls():
    controls = Controls()
    controls.load(Preset(corners=CORNERS))
    return controls


class TestKeys:
    def test_a_key_is_gated_while_it_is_down(self, controls):
        event = NoteOn(note=60, velocity=90)
        assert controls.play(event) == (event,)
        assert (controls.gated[60], controls.last_note) == (90, 60)
        controls.play(NoteOff(note=60))
        assert (controls.gated[60], controls.last_note) == (0, 60)

    @pytest.mark.parametrize("event", [AllNotesOff(), Panic()])
    def test_all_notes_off_lets_every_key_go(self, controls, event):
        controls.play(NoteOn(note=60, velocity=90))
        assert controls.play(event) == (event,)
        assert not any(controls.gated)

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (NoteOn(note=128, velocity=1), r"note must be 0\.\.127, not 128"),
            (NoteOn(note=60, velocity=0), r"velocity must be 1\.\.127, not 0"),
            (NoteOff(note=-1), "note must be"),
            (control(128, 0), "controller must be"),
            (control(7, 200), "value must be"),
            (PitchBend(value=math.nan), "value must be"),
            (SetParameter(name="wobble", value=1.0), 'no parameter "wobble": axis_brightness'),
            (SetParameter(name="pan", value=math.inf), "pan must be -1..1, not inf"),
            (MovePad(x=math.nan, y=0.0), "x must be 0..1, not nan"),
        ],
    )
    def test_what_no_hand_can_play_is_refused(self, controls, event, reason):
        with pytest.raises(ValueError, match=reason):
            controls.play(event)

    def test_the_pedal_goes_to_the_engine(self, controls):
        assert controls.play(control(64, 127)) == (control(64, 127),)


class TestParameters:
    def test_a_knob_sets_its_parameter(self, controls):
        event = SetParameter(name="cutoff", value=440.0)
        assert controls.play(event) == (event,)
        assert controls.parameters["cutoff"] == 440.0

    def test_a_value_beyond_the_range_is_at_its_end(self, controls):
        (sent,) = controls.play(SetParameter(name="cutoff", value=1e9))
        assert sent.value == controls.parameters["cutoff"] == 20000.0

    @pytest.mark.parametrize("row", [r for r in PARAMETERS if r.controller], ids=lambda r: r.name)
    def test_each_controller_of_the_table_moves_its_parameter_from_end_to_end(self, controls, row):
        (low,) = controls.play(control(row.controller, 0))
        (high,) = controls.play(control(row.controller, 127))
        assert (low.name, high.name) == (row.name, row.name)
        assert (low.value, high.value) == (pytest.approx(row.minimum), pytest.approx(row.maximum))

    def test_the_middle_of_a_controller_is_exactly_the_middle(self, controls):
        (sent,) = controls.play(control(10, 64))
        assert sent == SetParameter(name="pan", value=0.0)

    def test_a_preset_maps_controllers_and_its_choice_counts_before_the_table(self, controls):
        controls.load(Preset(corners=CORNERS, controllers={74: "resonance", 20: "sustain"}))
        assert controls.play(control(74, 127))[0].name == "resonance"
        assert controls.play(control(20, 0)) == (SetParameter(name="sustain", value=0.0),)

    def test_a_controller_that_moves_nothing_is_let_pass(self, controls):
        assert controls.play(control(119, 5)) == ()

    def test_the_mod_wheel_moves_a_parameter_over_its_own_value_and_back(self, controls):
        controls.load(Preset(corners=CORNERS, controllers={1: "vibrato_depth"}, mod_depth=0.5))
        controls.play(SetParameter(name="vibrato_depth", value=10.0))
        assert controls.play(control(1, 127)) == (SetParameter(name="vibrato_depth", value=60.0),)
        assert controls.parameters["vibrato_depth"] == 10.0
        (sent,) = controls.play(SetParameter(name="vibrato_depth", value=20.0))
        assert sent.value == pytest.approx(70.0)
        assert controls.play(control(1, 0)) == (SetParameter(name="vibrato_depth", value=20.0),)

    def test_reset_lets_go_of_wheels_and_pedal_and_leaves_the_knobs(self, controls):
        controls.play(control(7, 10))
        volume = controls.parameters["volume"]
        controls.play(control(1, 127))
        controls.play(PitchBend(value=0.5))
        sent = controls.play(control(121, 0))
        assert control(121, 0) in sent
        assert SetParameter(name="vibrato_depth", value=0.0) in sent
        assert (controls.mod, controls.bend) == (0.0, 0.0)
        assert controls.parameters["volume"] == volume

    def test_a_new_engine_hears_every_parameter_and_the_wheels(self, controls):
        controls.play(control(1, 127))
        controls.play(PitchBend(value=-1.0))
        events = controls.all_parameters()
        values = {event.name: event.value for event in events if isinstance(event, SetParameter)}
        assert values.keys() == BY_NAME.keys()
        assert values["vibrato_depth"] == 50.0
        assert PitchBend(value=-1.0) in events


class TestPlaying:
    @pytest.mark.parametrize("number", [2, 11, 64, 66, 67])
    def test_pedals_and_levers_go_to_the_engine(self, controls, number):
        assert controls.play(control(number, 77)) == (control(number, 77),)

    def test_a_preset_can_take_a_lever_for_a_parameter(self, controls):
        controls.load(Preset(corners=CORNERS, controllers={11: "cutoff"}))
        assert controls.play(control(11, 127)) == (SetParameter(name="cutoff", value=20000.0),)

    @pytest.mark.parametrize(
        "event", [ChannelPressure(value=5), KeyPressure(note=60, value=5, channel=3)]
    )
    def test_pressure_goes_to_the_engine(self, controls, event):
        assert controls.play(event) == (event,)

    @pytest.mark.parametrize(("number", "mode"), [(126, 1.0), (127, 0.0)])
    def test_mono_and_poly_let_every_key_go_and_set_the_mode(self, controls, number, mode):
        controls.play(NoteOn(note=60, velocity=90))
        assert controls.play(control(number, 0)) == (
            AllNotesOff(),
            SetParameter(name="key_mode", value=mode),
        )
        assert not any(controls.gated)

    @pytest.mark.parametrize(("value", "choice"), [(0, 0.0), (64, 1.0), (127, 2.0)])
    def test_the_portamento_switch_is_off_or_always_and_fingered_in_the_middle(
        self, controls, value, choice
    ):
        assert controls.play(control(65, value)) == (SetParameter(name="portamento", value=choice),)

    def test_a_value_between_choices_is_the_nearer_one(self, controls):
        (sent,) = controls.play(SetParameter(name="unison", value=2.6))
        assert sent.value == controls.parameters["unison"] == 3.0

    def test_a_new_engine_hears_zones_and_levers(self, controls):
        controls.play(SetZones(zones=Zones(5)))
        controls.play(control(11, 40))
        events = controls.for_new_engine()
        assert events[0] == SetZones(zones=Zones(5))
        assert control(11, 40) in events

    def test_panic_forgets_wheels_and_levers(self, controls):
        controls.play(control(11, 40))
        controls.play(PitchBend(value=0.5))
        controls.play(Panic())
        assert controls.bend == 0.0
        assert control(11, 40) not in controls.for_new_engine()


def registered(number, coarse, fine=None, channel=0):
    pairs = [(101, 0), (100, number), (6, coarse)]
    if fine is not None:
        pairs.append((38, fine))
    return [ControlChange(controller=c, value=v, channel=channel) for c, v in pairs]


class TestRegistered:
    def play(self, controls, events):
        return [sent for event in events for sent in controls.play(event)]

    @pytest.mark.parametrize(
        ("number", "coarse", "fine", "name", "value"),
        [
            (0, 12, 50, "bend_range", 12.5),
            (0, 99, None, "bend_range", 48.0),
            (1, 64, 0, "tune", 0.0),
            (1, 32, 0, "tune", -50.0),
            (2, 57, None, "transpose", -7.0),
        ],
    )
    def test_a_registered_parameter_turns_a_knob(self, controls, number, coarse, fine, name, value):
        sent = self.play(controls, registered(number, coarse, fine))
        assert sent[-1].name == name
        assert sent[-1].value == controls.parameters[name] == pytest.approx(value)

    def test_the_configuration_message_lays_the_zones(self, controls):
        controls.play(NoteOn(note=60, velocity=90))
        assert self.play(controls, registered(6, 15)) == [SetZones(zones=Zones(15))]
        assert controls.zones == Zones(15)
        assert not any(controls.gated)
        assert self.play(controls, registered(6, 4, channel=15)) == [SetZones(zones=Zones(10, 4))]

    def test_in_a_zone_a_members_bend_range_is_the_zones(self, controls):
        self.play(controls, registered(6, 15))
        self.play(controls, registered(0, 24, channel=3))
        self.play(controls, registered(0, 5, channel=0))
        assert controls.parameters["mpe_bend_range"] == 24.0
        assert controls.parameters["bend_range"] == 5.0

    def test_controller_74_slides_in_a_zone_and_is_the_cutoff_outside(self, controls):
        self.play(controls, registered(6, 3))
        slide = ControlChange(controller=74, value=10, channel=2)
        assert controls.play(slide) == (slide,)
        (sent,) = controls.play(ControlChange(controller=74, value=10, channel=9))
        assert sent.name == "cutoff"

    def test_a_members_bend_is_not_the_wheels(self, controls):
        self.play(controls, registered(6, 3))
        controls.play(PitchBend(value=0.5, channel=2))
        assert controls.bend == 0.0
        controls.play(PitchBend(value=0.25, channel=0))
        assert controls.bend == 0.25


QUARTER = Tuning("quarter", tuple(key + 0.5 for key in range(128)))


class TestTuning:
    def test_a_tuning_is_kept_in_the_preset_by_its_content(self, controls):
        assert controls.play(SetTuning(tuning=QUARTER)) == (SetTuning(tuning=QUARTER),)
        preset = controls.preset("x", "m", "h")
        assert preset.tuning == QUARTER
        assert decode_preset(encode_preset(preset), "it").tuning == QUARTER

    def test_a_preset_brings_its_tuning_and_one_without_takes_the_usual_one(self, controls):
        assert SetTuning(tuning=QUARTER) in controls.load(Preset(corners=CORNERS, tuning=QUARTER))
        assert SetTuning(tuning=None) in controls.load(Preset(corners=CORNERS))
        controls.use_tuning(QUARTER)
        assert SetTuning(tuning=QUARTER) in controls.load(Preset(corners=CORNERS))

    def test_keys_tuned_by_midi_change_the_table(self, controls):
        (sent,) = controls.play(TuneKeys(pitches=((60, 60.5), (61, 61.25)), is_real_time=False))
        assert sent.tuning.pitches[59:63] == (59.0, 60.5, 61.25, 62.0)
        assert not sent.is_real_time
        (sent,) = controls.play(TuneKeys(pitches=((60, 60.0),)))
        assert sent.tuning.pitches[59:63] == (59.0, 60.0, 61.25, 62.0)

    def test_a_tuning_is_a_change_of_the_preset(self, controls):
        before = controls.revision
        controls.play(SetTuning(tuning=None))
        assert controls.revision == before
        controls.play(SetTuning(tuning=QUARTER))
        assert controls.revision != before

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (SetTuning(tuning=Tuning("x", (1.0,))), "128 keys, not 1"),
            (TuneKeys(pitches=((128, 60.0),)), "key must be 0..127, not 128"),
            (TuneKeys(pitches=((60, math.nan),)), "key 60 must be tuned to"),
        ],
    )
    def test_an_impossible_tuning_is_refused_and_the_old_one_stays(self, controls, event, reason):
        with pytest.raises(ValueError, match=reason):
            controls.play(event)
        assert controls.tuning is None


class TestSoundingNotes:
    """Which note is rendered for a key."""

    def test_it_is_the_keys_own_at_first(self, controls):
        event = NoteOn(note=60, velocity=9)
        assert controls.as_sounding(event) == event

    @pytest.mark.parametrize(
        ("name", "value", "note"), [("transpose", 5.0, 65), ("octave", -2.0, 36)]
    )
    def test_it_is_transposed_and_let_go_as_it_was_struck(self, controls, name, value, note):
        controls.play(SetParameter(name=name, value=value))
        assert controls.as_sounding(NoteOn(note=60, velocity=9)).note == note
        controls.play(SetParameter(name=name, value=0.0))
        assert controls.as_sounding(NoteOff(note=60)).note == note
        assert controls.as_sounding(NoteOff(note=60)).note == 60

    def test_it_is_the_nearest_to_the_tuned_pitch(self, controls):
        controls.play(TuneKeys(pitches=((60, 66.7),)))
        assert controls.as_sounding(NoteOn(note=60, velocity=9)).note == 67
        controls.play(SetParameter(name="microtuning", value=0.0))
        assert controls.as_sounding(NoteOn(note=60, velocity=9)).note == 60

    def test_it_is_none_for_a_silent_key(self, controls):
        silent = Tuning("x", (None,) * 128)
        controls.play(SetTuning(tuning=silent))
        assert controls.as_sounding(NoteOn(note=60, velocity=9)) is None

    def test_it_stays_on_the_keyboard(self, controls):
        controls.play(SetParameter(name="octave", value=3.0))
        assert controls.as_sounding(NoteOn(note=120, velocity=9)).note == 127


class TestPad:
    def test_the_finger_moves_the_target(self, controls):
        before = controls.target("hash", 2)
        assert controls.play(MovePad(x=1.0, y=0.25)) == ()
        after = controls.target("hash", 2)
        assert (x_of(after), y_of(after)) == (1.0, 0.25)
        assert after.cell != before.cell

    def test_beyond_the_edge_is_on_the_edge(self, controls):
        controls.play(MovePad(x=-3.0, y=1.5))
        assert (controls.pad_x, controls.pad_y) == (0.0, 1.0)

    def test_two_controllers_move_the_finger(self, controls):
        controls.play(control(16, 127))
        controls.play(control(17, 0))
        assert (controls.pad_x, controls.pad_y) == (1.0, 0.0)

    def test_there_is_no_target_before_the_latents_are_known(self, controls):
        controls.set_corner(2, Corner(name="later"))
        assert controls.target("hash", 2) is None
        assert Controls().target("hash", 2) is None

    def test_latents_of_another_size_are_no_target(self, controls):
        assert controls.target("hash", 3) is None

    def test_a_point_that_is_not_there_is_refused(self, controls):
        with pytest.raises(ValueError, match=r"point must be 0\.\.3, not 4"):
            controls.set_corner(4, CORNERS[0])
        with pytest.raises(ValueError, match="no points before a model"):
            Controls().set_corner(0, CORNERS[0])


class TestPreset:
    def test_a_preset_that_was_loaded_comes_back_the_same(self, controls):
        preset = Preset(
            name="Glass",
            model_name="draft",
            model_hash="abc",
            corners=CORNERS[::-1],
            pad_x=0.25,
            pad_y=0.75,
            parameters={row.name: row.maximum for row in PARAMETERS},
            controllers={1: "cutoff"},
            mod_depth=0.25,
            tuning=QUARTER,
            tags=("a", "b"),
            author="Ada",
            notes="words",
        )
        controls.load(preset)
        assert controls.preset("Glass", "draft", "abc") == preset

    def test_parameters_that_a_preset_leaves_out_take_their_default(self, controls):
        controls.play(SetParameter(name="cutoff", value=100.0))
        controls.load(Preset(corners=CORNERS, parameters={"pan": 0.5}))
        assert controls.parameters["pan"] == 0.5
        assert controls.parameters["cutoff"] == BY_NAME["cutoff"].default

    @pytest.mark.parametrize(
        ("event", "counts"),
        [
            (SetParameter(name="pan", value=0.5), True),
            (SetParameter(name="pan", value=0.0), False),
            (MovePad(x=0.1, y=0.1), True),
            (MovePad(x=0.5, y=0.5), False),
            (NoteOn(note=60, velocity=90), False),
            (control(1, 90), False),
            (PitchBend(value=0.5), False),
        ],
    )
    def test_only_what_a_preset_holds_counts_as_a_change(self, controls, event, counts):
        before = controls.revision
        controls.play(event)
        assert (controls.revision != before) == counts
