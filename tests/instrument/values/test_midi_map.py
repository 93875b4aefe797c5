"""Maps of controllers, in memory and on disk."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi.midi_map_library import MidiMapLibrary
from instrument.storage import files
from instrument.values.midi_map import (
    MAXIMUM_BYTES,
    TARGETS,
    Mapping,
    MidiMap,
    MidiMapError,
    decode_midi_map,
    encode_midi_map,
)
from instrument.values.midi_source import MOST_NUMBERS, Source

SOURCES = (
    st.sampled_from(sorted(MOST_NUMBERS))
    .flatmap(
        lambda kind: st.builds(
            Source,
            kind=st.just(kind),
            number=st.integers(0, MOST_NUMBERS[kind]),
            channel=st.none() | st.integers(0, 15),
        )
    )
    .filter(lambda source: not source.problem())
)
MAPPINGS = st.builds(
    Mapping,
    source=SOURCES,
    target=st.sampled_from(sorted(TARGETS)),
    low=st.floats(0, 1),
    high=st.floats(0, 1),
    takeover=st.booleans(),
)
CC20 = Mapping(source=Source("cc", 20, 0), target="cutoff", low=1.0, high=0.25, takeover=False)
MAP = MidiMap(name="desk", mappings=(CC20,))


def spoilt(**changes):
    return json.dumps({**json.loads(encode_midi_map(MAP)), **changes}).encode()


def spoilt_mapping(**changes):
    mapping = json.loads(encode_midi_map(MAP))["mappings"][0]
    return spoilt(mappings=[{**mapping, **changes}])


@given(st.lists(MAPPINGS, max_size=12))
def test_any_map_comes_back_from_its_text_and_stays_without_conflict(mappings):
    midi_map = MidiMap(name="x")
    for mapping in mappings:
        midi_map = midi_map.with_mapping(mapping)
        assert midi_map.of(mapping.target) == mapping
        assert midi_map.problem() == ""
    assert decode_midi_map(encode_midi_map(midi_map), "it") == midi_map


@given(MAPPINGS, MAPPINGS)
def test_a_new_mapping_takes_the_place_of_just_those_it_says(one, other):
    before = MidiMap().with_mapping(one)
    after = before.with_mapping(other)
    is_replaced = one.target == other.target or one.source.overlaps(other.source)
    assert (one in after.mappings) == (not is_replaced or one == other)
    assert before.replaced_by(other) == (
        (one,) if is_replaced and one.target != other.target else ()
    )


@pytest.mark.parametrize(
    ("one", "other", "do"),
    [
        (Source("cc", 20, 0), Source("cc", 20, 1), False),
        (Source("cc", 20, 0), Source("cc", 20), True),
        (Source("cc14", 20, 0), Source("cc", 52, 0), True),
        (Source("cc14", 20, 0), Source("cc", 53, 0), False),
        (Source("nrpn", 5, 0), Source("nrpn14", 5, 0), True),
        (Source("nrpn", 5, 0), Source("cc", 5, 0), False),
        (Source("bend", 0, 2), Source("bend", 0, 2), True),
        (Source("bend", 0, 2), Source("bend", 0, 3), False),
    ],
)
def test_controllers_overlap_when_a_message_would_come_from_both(one, other, do):
    assert one.overlaps(other) == other.overlaps(one) == do


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not a MIDI map"),
        (b"[]", "not a MIDI map"),
        (b'{"format": "\xff"}', "not a MIDI map"),
        (b"{}", "not a MIDI map of Timbrepad. Choose"),
        (spoilt(version=2), "of version 2; this Timbrepad reads version 1. Update"),
        (spoilt(colour="red"), "unknown field `colour`"),
        (b" " * (MAXIMUM_BYTES + 1), "too large"),
        (spoilt_mapping(target="wobble"), 'no "wobble" to move'),
        (spoilt_mapping(low=1.5), r"range must lie in 0\.\.1, not 1.5"),
        (spoilt_mapping(extra=1), "unknown field `extra`"),
        (spoilt_mapping(source={"kind": "knob"}), "Invalid enum value 'knob'"),
        (spoilt_mapping(source={"kind": "cc", "number": 128}), r"number of cc must be 0\.\.127"),
        (spoilt_mapping(source={"kind": "cc", "number": 9, "channel": 16}), r"channel must be 0"),
        (spoilt_mapping(source={"kind": "cc", "number": 64}), "sustain pedal"),
        (spoilt_mapping(source={"kind": "cc", "number": 32}), "bank of presets"),
        (spoilt_mapping(source={"kind": "cc14", "number": 6}), "registered"),
        (spoilt_mapping(source={"kind": "cc", "number": 88}), "how hard"),
        (spoilt_mapping(source={"kind": "cc", "number": 123}), "channel mode"),
        (spoilt_mapping(source={"kind": "bend"}), "needs a channel"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_it(text, reason):
    with pytest.raises(MidiMapError, match=reason) as error:
        decode_midi_map(text, '"desk.json"')
    assert str(error.value).startswith('"desk.json"')
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (Mapping(source=Source("cc", 21), target="cutoff"), '"cutoff" has two controllers'),
        (Mapping(source=Source("cc", 20), target="pan"), "CC 20, any channel moves two things"),
    ],
)
def test_a_file_with_a_conflict_is_refused(second, reason):
    text = encode_midi_map(MidiMap(mappings=(CC20, second)))
    with pytest.raises(MidiMapError, match=reason):
        decode_midi_map(text, "it")


@pytest.fixture
def library(tmp_path):
    return MidiMapLibrary(tmp_path)


class TestLibrary:
    def test_a_profile_comes_back_by_its_name_whatever_its_case(self, library):
        assert library.names() == ()
        assert library.save(MidiMap(mappings=(CC20,)), "  Desk   two ").name == "Desk two"
        assert library.names() == ("Desk two",)
        assert library.load("desk TWO") == MidiMap(name="Desk two", mappings=(CC20,))

    def test_it_is_loaded_by_the_path_of_its_file_too(self, library, tmp_path):
        library.save(MAP, "desk")
        path = tmp_path / "elsewhere.json"
        path.write_bytes((tmp_path / "midi-maps" / "desk.json").read_bytes())
        assert library.load(str(path)) == msgspec.structs.replace(MAP, name="elsewhere")

    def test_a_name_that_no_file_can_have_is_made_one(self, library):
        assert library.save(MAP, "a/b: c?").name == "a_b_ c_"
        assert library.load("a/b: c?").mappings == MAP.mappings

    def test_saving_again_takes_the_place_of_the_former(self, library):
        library.save(MAP, "desk")
        library.save(MidiMap(), "DESK")
        assert library.names() == ("desk",)
        assert library.load("desk").mappings == ()

    @pytest.mark.parametrize(("name", "reason"), [("  ", "needs a name"), ("x" * 81, "at most 80")])
    def test_it_needs_a_name(self, library, name, reason):
        with pytest.raises(MidiMapError, match=reason):
            library.save(MAP, name)

    def test_one_that_is_not_there_is_told_with_those_that_are(self, library):
        library.save(MAP, "desk")
        for act in (library.load, library.delete):
            with pytest.raises(MidiMapError, match=r'no MIDI map "stage"\. There are: "desk"'):
                act("stage")

    def test_one_that_is_deleted_is_gone(self, library):
        library.save(MAP, "desk")
        library.delete("desk")
        assert library.names() == ()

    def test_when_writing_fails_the_former_stays_whole(self, library, monkeypatch):
        library.save(MAP, "desk")

        def fail(_descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files.os, "fsync", fail)
        with pytest.raises(MidiMapError, match='save the MIDI map "desk": the disk is full'):
            library.save(MidiMap(), "desk")
        with pytest.raises(MidiMapError, match="kept for the next session: the disk is full"):
            library.keep_present(MAP)
        assert library.load("desk") == MAP
        assert library.names() == ("desk",)

    def test_the_present_map_is_kept_apart_from_the_profiles(self, library):
        assert library.load_present() == MidiMap()
        library.keep_present(MAP)
        assert library.load_present() == MAP
        assert library.names() == ()
