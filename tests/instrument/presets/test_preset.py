import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.presets.preset import (
    MAXIMUM_BYTES,
    MAXIMUM_GENERATIONS,
    Ancestor,
    Preset,
    PresetError,
    decode_pasted,
    decode_preset,
    encode_preset,
    fingerprint,
)
from instrument.presets.preset_migration import VERSION
from instrument.values.parameters import BY_NAME, PARAMETERS
from instrument.values.status import Corner
from instrument.values.tuning import Tuning

CORNERS = tuple(Corner(name=f"corner {i}", z=(0.25, -1.5)) for i in range(4))

numbers = st.floats(-10, 10, width=32)
corners = st.builds(
    Corner,
    name=st.text(max_size=20),
    z=st.lists(numbers, max_size=5).map(tuple),
    timbre=st.text(max_size=20),
    seed=st.none() | st.integers(0, 10**6),
    locked=st.booleans(),
)
presets = st.builds(
    Preset,
    name=st.text(max_size=80),
    corners=st.tuples(corners, corners, corners, corners),
    pad_x=st.floats(0, 1),
    pad_y=st.floats(0, 1),
    parameters=st.fixed_dictionaries(
        {row.name: st.floats(row.minimum, row.maximum).map(row.clip) for row in PARAMETERS}
    ),
    controllers=st.dictionaries(st.integers(0, 127), st.sampled_from(sorted(BY_NAME))),
    tuning=st.none()
    | st.builds(
        Tuning,
        name=st.text(max_size=9),
        pitches=st.lists(st.none() | st.floats(0, 127), min_size=128, max_size=128).map(tuple),
    ),
    tags=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    notes=st.text(max_size=99),
)


@given(presets)
def test_any_preset_comes_back_the_same(preset):
    assert decode_preset(encode_preset(preset), "it") == preset


def spoilt(**changes):
    table = json.loads(encode_preset(Preset(corners=CORNERS)))
    return json.dumps(table | changes).encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (spoilt(version=7), "version 7"),
        (spoilt(version=0), "version 0"),
        (spoilt(version=True), "version True"),
        (spoilt(version="1" * 999), r"version 1{40}…;"),
        (spoilt(model="draft"), r"\$\.model"),
        (spoilt(pad_x=1.5), r"must be 0\.\.1, not 1\.5"),
        (spoilt(points=[{"name": "x", "seed": 2**70}] * 4), "a seed must be"),
        (spoilt(points="xxxx"), r"\$\.points"),
        (spoilt(pictures={"deep": 10**40}), "not a Timbrepad preset"),
        (b'{"version": 2, "x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "not a Timbrepad preset"),
        (b'{"version": 2, "name": "\xff"}', "not a Timbrepad preset"),
        (spoilt(version=None), "version None"),
        (spoilt(points=[]), "0 timbre points"),
        (spoilt(points=[{"name": "x"}] * 5), "5 timbre points"),
        (spoilt(parameters={"wobble": "much"}), "wobble"),
        (spoilt(parameters={"cutoff": 5.0}), r"cutoff must be 20\.\.20000 Hz, not 5"),
        (spoilt(controllers={"740": "cutoff"}), r"0\.\.127, not 740"),
        (spoilt(tuning={"name": "x", "pitches": [60.0]}), "128 keys, not 1"),
        (spoilt(tuning={"name": "x", "pitches": [900.0] * 128}), "key 0 must be tuned to"),
        (spoilt(pad_x="left"), "not a Timbrepad preset"),
        (b"[1, 2]", "not a Timbrepad preset"),
        (b"", "not a Timbrepad preset"),
        (b"x" * (MAXIMUM_BYTES + 1), "too large"),
        (spoilt().replace(b"0.25", b"1e999"), "not a Timbrepad preset|not finite"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_file(text, reason):
    with pytest.raises(PresetError, match=reason) as error:
        decode_preset(text, "/some/file.json")
    assert "/some/file.json" in str(error.value)
    assert "\n" not in str(error.value)


NEWER = json.loads(encode_preset(Preset(corners=CORNERS)))
NEWER["colour"] = {"hue": [1, 2], "name": "blue"}
NEWER["model"]["source"] = "https://example.org"
NEWER["points"][2]["glow"] = 0.5
NEWER["parameters"]["wobble"] = 3.0
NEWER["controllers"]["20"] = "wobble"
NEWER["tuning"] = {"name": "x", "pitches": [60.0] * 128, "made_by": "Ada"}


def test_what_a_newer_timbrepad_wrote_is_kept_at_every_level():
    preset = decode_preset(json.dumps(NEWER).encode(), "it")
    assert json.loads(encode_preset(preset)) == NEWER


def test_what_is_unknown_does_nothing_here():
    preset = decode_preset(json.dumps(NEWER).encode(), "it")
    assert set(preset.parameters) == set(BY_NAME)
    assert preset.controllers == Preset().controllers


def test_a_field_of_a_corner_goes_with_its_corner():
    preset = decode_preset(json.dumps(NEWER).encode(), "it")
    turned = msgspec.structs.replace(preset, corners=preset.corners[::-1])
    assert json.loads(encode_preset(turned))["points"][1]["glow"] == 0.5


def test_unknown_fields_cross_to_another_process():
    preset = decode_preset(json.dumps(NEWER).encode(), "it")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(preset), type=Preset) == preset


def test_a_preset_of_version_1_opens_as_it_was():
    table = json.loads(encode_preset(Preset(name="Old", corners=CORNERS, author="Ada")))
    del table["model"], table["licence"], table["made"], table["parents"]
    table |= {"version": 1, "model_name": "draft", "model_hash": "abc", "latent_space": "def"}
    preset = decode_preset(json.dumps(table).encode(), "it")
    assert preset == Preset(
        name="Old",
        corners=CORNERS,
        author="Ada",
        model_name="draft",
        model_hash="abc",
        latent_space="def",
    )
    assert json.loads(encode_preset(preset))["version"] == VERSION


def test_a_change_of_one_number_changes_one_line():
    table = [CORNERS, (*CORNERS[:3], Corner(name="corner 3", z=(0.25, -1.25)))]
    lines = [encode_preset(Preset(corners=corners)).splitlines() for corners in table]
    assert len(lines[0]) == len(lines[1])
    assert sum(a != b for a, b in zip(*lines, strict=True)) == 1


def test_the_order_of_the_text_does_not_depend_on_the_order_of_its_making():
    parameters = Preset().parameters
    turned = dict(reversed(parameters.items()))
    one = Preset(corners=CORNERS, parameters=parameters, controllers={1: "pan", 2: "tune"})
    other = Preset(corners=CORNERS, parameters=turned, controllers={2: "tune", 1: "pan"})
    assert encode_preset(one) == encode_preset(other)


def test_a_text_from_a_mail_is_read_between_its_words():
    text = encode_preset(Preset(name="Glöckchen", corners=CORNERS)).decode()
    assert decode_pasted(f"Hi, try this:\n\n{text}\nBye, Ada").name == "Glöckchen"


@pytest.mark.parametrize("text", ["", "hello", "}{", "{", "{}", "\ud800{}"])
def test_a_text_without_a_preset_is_refused(text):
    with pytest.raises(PresetError, match="pasted"):
        decode_pasted(text)


def test_a_fingerprint_is_of_the_sound_alone():
    one = Preset(name="A", corners=CORNERS, author="Ada", tags=("x",))
    other = Preset(name="B", corners=CORNERS, licence="CC0", parents=(Ancestor("C", "0"),))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(msgspec.structs.replace(one, pad_x=0.25))


def test_a_family_tree_that_never_ends_is_refused():
    parent = Ancestor("A", "0")
    for _ in range(MAXIMUM_GENERATIONS):
        parent = Ancestor("A", "0", parents=(parent,))
    text = encode_preset(Preset(corners=CORNERS, parents=(parent,)))
    with pytest.raises(PresetError, match="generations"):
        decode_preset(text, "it")


def test_a_preset_from_before_the_newer_parameters_sounds_as_it_did():
    older = {"cutoff": 900.0, "bend_range": 12.0}
    preset = decode_preset(spoilt(parameters=older, tuning=None), "it")
    assert preset.parameters == older
    assert preset.tuning is None


def test_it_is_text_that_a_person_can_read():
    text = encode_preset(Preset(name="Glöckchen", corners=CORNERS)).decode()
    assert '"name": "Glöckchen"' in text
    assert text.count("\n") > 20
