import math

import pytest

from instrument.controls import Controls
from instrument.events import (
    AllNotesOff,
    ControlChange,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    SetParameter,
)
from instrument.parameters import BY_NAME, PARAMETERS
from instrument.preset import Preset
from instrument.status import Corner

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
            (SetParameter(name="wobble", value=1.0), 'no parameter "wobble": attack'),
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


class TestPad:
    def test_the_finger_moves_the_target(self, controls):
        before = controls.target("hash", 2)
        assert controls.play(MovePad(x=1.0, y=0.25)) == ()
        after = controls.target("hash", 2)
        assert (after.x, after.y) == (1.0, 0.25)
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

    def test_there_are_four_corners(self, controls):
        with pytest.raises(ValueError, match=r"corner must be 0\.\.3, not 4"):
            controls.set_corner(4, CORNERS[0])
        with pytest.raises(ValueError, match="no corners before a model"):
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
