"""Learning through the whole instrument: bytes of a MIDI input in, parameters and presets out."""

import pytest

from instrument.midi import midi
from instrument.midi.midi_map_library import MidiMapLibrary
from instrument.presets.preset import Preset
from instrument.storage import files
from instrument.values.events import ControlChange, SetParameter, SetZones
from instrument.values.midi_map import Mapping, MidiMap, MidiMapError
from instrument.values.midi_source import Source
from instrument.values.parameters import BY_NAME, PARAMETERS
from instrument.values.status import Corner
from instrument.values.zones import Zones
from tests.instrument.rig import Rig, latent, notices

CORNERS = tuple(Corner(name=f"c{i}", z=latent(i)) for i in range(4))


@pytest.fixture(autouse=True)
def _nothing_but_what_a_test_makes(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path / "bundled")
    monkeypatch.setattr(midi, "available_apis", lambda: ())
    monkeypatch.setattr(files.os, "fsync", lambda _descriptor: None)


class Desk:
    """An instrument, and the hands on its controllers."""

    def __init__(self, rig, **options):
        self.rig = rig
        for name in ("Ash", "Birch", "Cedar"):
            rig.library.save(Preset(name=name, corners=CORNERS, model_name="Alpha"))
        self.instrument = rig.start(**{"preset": "Ash"} | options)

    def send(self, *data):
        """Hand bytes over as RtMidi does."""
        self.instrument._midi._inputs._received(1, list(data))

    def control(self, number, *values, channel=0):
        for value in values:
            self.send(0xB0 | channel, number, value)

    def learn(self, target, number, value=0, channel=0):
        """Learn a controller of seven bits, and wait for a fine half that does not come."""
        self.instrument.learn_midi(target)
        self.control(number, value, channel=channel)
        self.wait()

    def wait(self, seconds=0.3):
        for _ in range(round(seconds / 0.05)):
            self.rig.now += 0.05
            self.instrument.tick()

    def place(self, name):
        """Say where a parameter is, 0..1 of its knob's way."""
        return BY_NAME[name].to_position(self.instrument.status().parameters[name])

    @property
    def mappings(self):
        return {m.target: m for m in self.instrument.status().midi_map.mappings}

    @property
    def said(self):
        return notices(self.instrument)


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    for instrument in rig.made:
        instrument.close()


@pytest.fixture
def desk(rig):
    return Desk(rig)


class TestLearning:
    @pytest.mark.parametrize("name", [row.name for row in PARAMETERS])
    def test_every_parameter_can_be_learned_and_moved_from_end_to_end(self, desk, name):
        desk.learn(name, 90)
        desk.control(90, *range(128))
        assert desk.place(name) == pytest.approx(1.0)
        desk.control(90, *reversed(range(128)))
        assert desk.place(name) == pytest.approx(0.0)

    def test_both_ways_of_the_pad_can_be_learned(self, desk):
        desk.learn("pad_x", 90)
        desk.learn("pad_y", 91)
        desk.control(90, 60, 64, 127)
        desk.control(91, 60, 64, 0)
        assert (desk.instrument.status().pad_x, desk.instrument.status().pad_y) == (1.0, 0.0)

    def test_what_is_waited_for_is_told_until_it_has_come(self, desk):
        desk.instrument.learn_midi("cutoff")
        assert desk.instrument.status().learning == "cutoff"
        desk.control(90, 5)
        assert desk.instrument.status().learning == ""
        assert desk.mappings["cutoff"].source == Source("cc", 90, 0)
        assert desk.said[-1] == "CC 90, channel 1 now moves filter: cutoff."

    def test_learning_can_be_given_up(self, desk):
        desk.instrument.learn_midi("cutoff")
        desk.instrument.learn_midi("")
        desk.control(90, 5)
        assert desk.mappings == {}

    def test_a_pair_is_learned_as_fourteen_bits(self, desk):
        desk.instrument.learn_midi("cutoff")
        desk.control(20, 100)
        assert desk.mappings == {}
        desk.control(52, 3)
        assert desk.mappings["cutoff"].source == Source("cc14", 20, 0)
        assert len([line for line in desk.said if "moves" in line]) == 1

    @pytest.mark.parametrize("is_by_time", [False, True])
    def test_one_without_its_pair_has_seven_bits(self, desk, is_by_time):
        desk.instrument.learn_midi("cutoff")
        desk.control(20, 100)
        if is_by_time:
            desk.wait()
        else:
            desk.control(20, 101)
        assert desk.mappings["cutoff"].source == Source("cc", 20, 0)

    @pytest.mark.parametrize(
        ("data", "kind"), [((6,), "nrpn"), ((6, 38), "nrpn14"), ((96,), "nrpn")]
    )
    def test_a_non_registered_parameter_is_learned(self, desk, data, kind):
        desk.instrument.learn_midi("cutoff")
        for number in (99, 98, *data):
            desk.control(number, 9)
        desk.wait()
        assert desk.mappings["cutoff"].source == Source(kind, 9 << 7 | 9, 0)

    def test_a_fader_that_sends_bends_is_learned_but_not_the_wheel_of_a_keyboard(self, desk):
        desk.send(0x90, 60, 100)
        desk.instrument.learn_midi("cutoff")
        desk.send(0xE0, 0, 0)
        assert desk.mappings == {}
        assert "bends the notes" in desk.said[-1]
        assert desk.instrument.status().bend == -1.0
        desk.send(0xE5, 0, 64)
        assert desk.mappings["cutoff"].source == Source("bend", 0, 5)

    @pytest.mark.parametrize("number", [0, 32, 64, 88, 98, 101, 121, 126])
    def test_what_playing_needs_is_not_learned(self, desk, number):
        desk.instrument.learn_midi("cutoff")
        desk.control(number, 1, 2, 3)
        desk.wait()
        assert desk.mappings == {}
        assert desk.instrument.status().learning == "cutoff"

    def test_the_sustain_pedal_says_once_why_it_stays_one(self, desk):
        desk.instrument.learn_midi("cutoff")
        desk.control(64, 127, 0, 127)
        lines = [line for line in desk.said if "sustain pedal" in line]
        assert lines == [
            "CC 64 is the sustain pedal and stays that: held notes would never end. "
            "Move another controller."
        ]

    def test_a_notes_own_slide_is_not_learned(self, desk):
        desk.instrument.post(SetZones(zones=Zones(15)))
        desk.instrument.learn_midi("cutoff")
        desk.control(74, 5, channel=3)
        desk.send(0xE3, 0, 0)
        assert desk.instrument.status().learning == "cutoff"

    def test_a_wheel_that_is_learned_lets_go_of_what_it_did(self, desk):
        desk.control(1, 127)
        assert desk.instrument.status().mod == 1.0
        desk.learn("cutoff", 1)
        assert desk.instrument.status().mod == 0.0
        desk.control(1, 100)
        assert desk.instrument.status().mod == 0.0

    def test_the_controller_that_is_learned_no_longer_does_what_the_table_says(self, desk):
        desk.learn("resonance", 74)
        assert desk.said[-1].endswith("and no longer filter: cutoff.")
        before = desk.place("cutoff")
        desk.control(74, 0, 127)
        assert (desk.place("cutoff"), desk.place("resonance")) == (before, 1.0)

    def test_a_controller_moves_one_thing_and_the_notice_says_which_it_left(self, desk):
        desk.learn("cutoff", 90)
        desk.learn("pan", 90)
        assert list(desk.mappings) == ["pan"]
        assert desk.said[-1] == (
            "CC 90, channel 1 now moves output: pan, and no longer filter: cutoff."
        )

    def test_a_target_has_one_controller_and_keeps_its_range(self, desk):
        desk.learn("cutoff", 90)
        desk.instrument.map_midi(
            Mapping(source=Source("cc", 90, 0), target="cutoff", low=0.75, high=0.25)
        )
        desk.learn("cutoff", 91)
        mapping = desk.mappings["cutoff"]
        assert (mapping.source.number, mapping.low, mapping.high) == (91, 0.75, 0.25)
        assert desk.said[-1].endswith("before it was CC 90, channel 1.")

    def test_only_its_own_channel_moves_it(self, desk):
        desk.learn("resonance", 90, channel=4)
        desk.control(90, 0, 127)
        assert desk.place("resonance") == 0.0
        desk.control(90, 0, 127, channel=4)
        assert desk.place("resonance") == 1.0

    def test_there_must_be_such_a_target(self, desk):
        for act in (desk.instrument.learn_midi, desk.instrument.forget_midi):
            with pytest.raises(ValueError, match='no "wobble" to move: pad_x'):
                act("wobble")


class TestMoving:
    def test_nothing_jumps_before_the_controller_has_come_by(self, desk):
        desk.instrument.post(SetParameter(name="sustain", value=0.5))
        desk.learn("sustain", 90)
        desk.control(90, 120, 100, 70)
        assert desk.place("sustain") == 0.5
        assert desk.instrument.status().waiting == {"sustain": pytest.approx(0.5 + 6 / 126)}
        desk.control(90, 60)
        assert desk.place("sustain") == pytest.approx(60 / 128)
        assert desk.instrument.status().waiting == {}

    def test_after_a_preset_it_has_to_come_by_again(self, desk):
        desk.learn("sustain", 90, 127)
        desk.control(90, 127, 30)
        desk.instrument.load_preset(Preset(name="x", corners=CORNERS, parameters={"sustain": 0.9}))
        desk.control(90, 31)
        assert desk.place("sustain") == pytest.approx(0.9)

    def test_without_takeover_it_jumps(self, desk):
        source = Source("cc", 90)
        desk.instrument.map_midi(Mapping(source=source, target="sustain", takeover=False))
        desk.control(90, 0, channel=7)
        assert desk.place("sustain") == 0.0

    @pytest.mark.parametrize(("low", "high"), [(0.25, 0.75), (0.75, 0.25)])
    def test_a_range_and_an_inverted_one(self, desk, low, high):
        mapping = Mapping(source=Source("cc", 90), target="pan", low=low, high=high, takeover=False)
        desk.instrument.map_midi(mapping)
        desk.control(90, 0)
        assert desk.place("pan") == pytest.approx(low)
        desk.control(90, 127)
        assert desk.place("pan") == pytest.approx(high)

    def test_fourteen_bits_are_finer_than_seven(self, desk):
        mapping = Mapping(source=Source("cc14", 20, 0), target="sustain", takeover=False)
        desk.instrument.map_midi(mapping)
        desk.control(20, 64)
        desk.control(52, 1)
        assert desk.place("sustain") == pytest.approx(0.5 + 1 / 16382, abs=1e-9)

    def test_increments_go_on_from_where_the_knob_is(self, desk):
        desk.instrument.map_midi(Mapping(source=Source("nrpn", 5, 0), target="sustain"))
        desk.instrument.map_midi(Mapping(source=Source("nrpn", 6, 0), target="unison"))
        desk.instrument.post(SetParameter(name="sustain", value=0.5))
        for number, value in ((99, 0), (98, 5), (97, 0), (97, 0), (98, 6), (96, 0)):
            desk.control(number, value)
        assert desk.place("sustain") == pytest.approx(0.5 - 2 / 128)
        assert desk.instrument.status().parameters["unison"] == 2.0

    def test_registered_parameters_work_beside_a_non_registered_one(self, desk):
        desk.instrument.map_midi(Mapping(source=Source("nrpn", 5, 0), target="sustain"))
        for number, value in ((99, 0), (98, 5), (6, 127), (101, 0), (100, 0), (6, 12)):
            desk.control(number, value)
        assert desk.instrument.status().parameters["bend_range"] == 12.0
        assert desk.place("sustain") == 1.0

    def test_the_wheel_of_the_window_is_no_midi_controller(self, desk):
        desk.learn("cutoff", 1)
        before = desk.place("cutoff")
        desk.instrument.post(ControlChange(controller=1, value=127))
        assert (desk.place("cutoff"), desk.instrument.status().mod) == (before, 1.0)

    def test_a_moved_controller_reaches_the_engine_at_once(self, desk, monkeypatch):
        desk.learn("resonance", 90)
        heard = []
        monkeypatch.setattr(desk.instrument.engine, "post", heard.append)
        desk.control(90, 0)
        assert [event.name for event in heard] == ["resonance"]
        assert heard[0].time_seconds == desk.rig.now


class TestPresets:
    def name(self, desk):
        desk.instrument.tick()
        return desk.instrument.status().preset_name

    def test_a_button_opens_the_next_and_the_previous_preset_round_the_ends(self, desk):
        desk.learn("next_preset", 90)
        desk.learn("previous_preset", 67)
        names = []
        for number in (90, 90, 90, 67):
            desk.control(number, 127, 0)
            names.append(self.name(desk))
        assert names == ["Birch", "Cedar", "Ash", "Cedar"]

    def test_a_button_that_never_comes_up_works_each_time_and_a_knob_once_on_its_way(self, desk):
        desk.learn("next_preset", 90)
        desk.control(90, 127)
        assert self.name(desk) == "Birch"
        desk.control(90, 127)
        assert self.name(desk) == "Cedar"
        desk.control(90, *range(128))
        assert self.name(desk) == "Ash"

    def test_a_program_change_takes_the_bank_of_its_channel(self, desk):
        desk.send(0xC0, 1)
        assert self.name(desk) == "Birch"
        desk.control(0, 0)
        desk.control(32, 1)
        desk.send(0xC0, 2)
        assert self.name(desk) == "Birch"
        assert desk.said[-1] == "Program 2 of bank 1 asks for a preset; there are 3."
        desk.send(0xC1, 2)
        assert self.name(desk) == "Cedar"

    def test_a_bank_has_128_presets(self, desk):
        for i in range(130):
            desk.rig.library.save(Preset(name=f"P{i:03d}", corners=CORNERS))
        desk.control(32, 1)
        desk.send(0xC0, 4)
        assert self.name(desk) == "P129"


class TestKeeping:
    def test_the_map_survives_a_restart(self, desk, rig):
        desk.learn("cutoff", 90)
        mappings = desk.mappings
        desk.instrument.close()
        assert {m.target: m for m in rig.start().status().midi_map.mappings} == mappings

    def test_a_process_that_is_killed_loses_nothing_that_was_learned_a_moment_ago(self, desk):
        desk.learn("cutoff", 90)
        assert MidiMapLibrary(desk.rig.folder).load_present().of("cutoff") is not None

    def test_forgetting_is_kept_too(self, desk, rig):
        desk.learn("cutoff", 90)
        desk.learn("pan", 91)
        desk.instrument.forget_midi("cutoff")
        assert list(desk.mappings) == ["pan"]
        desk.instrument.forget_midi("")
        desk.instrument.close()
        assert rig.start().status().midi_map == MidiMap()

    def test_profiles_are_saved_loaded_and_deleted(self, desk):
        desk.learn("cutoff", 90)
        desk.instrument.save_midi_profile("Desk")
        desk.instrument.forget_midi("")
        assert desk.instrument.midi_profiles() == ("Desk",)
        desk.instrument.load_midi_profile("desk")
        assert desk.instrument.status().midi_map.name == "Desk"
        desk.control(90, 127, 0)
        assert desk.place("cutoff") == 0.0
        desk.instrument.delete_midi_profile("Desk")
        assert desk.instrument.midi_profiles() == ()
        assert (list(desk.mappings), desk.instrument.status().midi_map.name) == (["cutoff"], "")

    def test_a_profile_that_is_asked_for_goes_before_the_last_sessions_map(self, desk, rig):
        desk.learn("cutoff", 90)
        desk.instrument.save_midi_profile("Desk")
        desk.learn("pan", 90)
        desk.instrument.close()
        started = rig.start(midi_map="Desk")
        assert started.status().midi_map.of("cutoff") is not None

    def test_a_profile_that_is_not_there_is_told_and_the_present_map_stays(self, desk, rig):
        desk.learn("cutoff", 90)
        with pytest.raises(MidiMapError, match='no MIDI map "stage"'):
            desk.instrument.load_midi_profile("stage")
        desk.instrument.close()
        started = rig.start(midi_map="stage")
        assert 'There is no MIDI map "stage". There are: none yet.' in notices(started)
        assert started.status().midi_map.of("cutoff") is not None

    def test_a_damaged_map_of_the_last_session_is_told_and_stays_until_something_is_learned(
        self, desk, rig
    ):
        desk.instrument.close()
        path = rig.folder / "midi-map.json"
        path.write_bytes(b"{")
        started = rig.start()
        assert any("MIDI map of the last session is lost" in line for line in notices(started))
        rig.settle(started)
        assert path.read_bytes() == b"{"

    def test_without_memory_nothing_is_written(self, rig):
        desk = Desk(rig, remember=False)
        desk.learn("cutoff", 90)
        desk.instrument.close()
        assert not (rig.folder / "midi-map.json").exists()

    def test_a_full_disk_is_told_once(self, desk, monkeypatch):
        def fail(_descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files.os, "fsync", fail)
        desk.learn("cutoff", 90)
        desk.wait(1.0)
        assert len([line for line in desk.said if "could not be kept" in line]) == 1

    def test_an_impossible_mapping_is_refused(self, desk):
        with pytest.raises(ValueError, match="sustain pedal"):
            desk.instrument.map_midi(Mapping(source=Source("cc", 64), target="cutoff"))
