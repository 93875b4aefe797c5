import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.parameters import BY_NAME, PARAMETERS
from instrument.preset import MAXIMUM_BYTES, Preset, PresetError, decode_preset, encode_preset
from instrument.status import Corner
from instrument.tuning import Tuning

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
        (spoilt(version=None), "version None"),
        (spoilt(corners=[]), "0 corners"),
        (spoilt(corners=[{"name": "x"}] * 5), "5 corners"),
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


def test_a_preset_of_a_newer_timbrepad_of_the_same_version_still_opens():
    assert decode_preset(spoilt(colour="blue"), "it").corners == CORNERS


def test_a_preset_from_before_the_newer_parameters_sounds_as_it_did():
    older = {"cutoff": 900.0, "bend_range": 12.0}
    preset = decode_preset(spoilt(parameters=older, tuning=None), "it")
    assert preset.parameters == older
    assert preset.tuning is None


def test_it_is_text_that_a_person_can_read():
    text = encode_preset(Preset(name="Glöckchen", corners=CORNERS)).decode()
    assert '"name": "Glöckchen"' in text
    assert text.count("\n") > 20
