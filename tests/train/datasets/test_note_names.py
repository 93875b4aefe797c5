"""Names of recordings say what their authors meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.datasets.note_names import LOWEST_NAMED, Naming, parse_name, pitch_name


@pytest.mark.parametrize(
    ("stem", "pitch", "velocity", "words"),
    [
        ("cello_C#4_mf", 61, 80, "cello"),
        ("012-060-100", 60, 100, "012"),
        ("flute_acoustic_002-060-025", 60, 25, "flute_acoustic_002"),
        ("Piano.ff.Bb3", 58, 112, "Piano"),
        ("PianoC4", 60, None, "Piano"),
        ("c4", 60, None, ""),
        ("sax_a#3", 58, None, "sax"),
        ("harp F♯3", 54, None, "harp"),
        ("Fs3_v100", 54, 100, ""),
        ("A0v10", 21, 10, ""),
        ("gtr E2 (2)", 40, None, "gtr"),
        ("violin_Eb5_pp_rr2", 75, 33, "violin"),
        ("Cb4", 59, None, ""),
        ("B#3", 60, None, ""),
        ("note_60_vel90", 60, 90, ""),
        ("midi72 Lead", 72, None, "Lead"),
        ("viola velocity 64 G3", 55, 64, "viola"),
        ("oboe_FF_D5", 74, 112, "oboe"),
        ("Horn in F C4", 60, None, "Horn in F"),
    ],
)
def test_pitch_velocity_and_instrument_are_read(
    stem: str, pitch: int, velocity: int | None, words: str
) -> None:
    labels = parse_name(stem)
    assert (labels.pitch, labels.sure) == (pitch, True)
    assert (labels.velocity, labels.words) == (velocity, words)


@pytest.mark.parametrize(
    "stem", ["kick", "take A-1", "track 12", "2021-05-12 rehearsal", "Es4", "H4", "rr3", "piano_7"]
)
def test_what_is_no_pitch_is_not_taken_for_one(stem: str) -> None:
    assert parse_name(stem).pitches == ()


@pytest.mark.parametrize(("stem", "pitch"), [("cello 60", 60), ("Grand Piano 048", 48)])
def test_bare_number_is_a_pitch_that_is_not_sure(stem: str, pitch: int) -> None:
    labels = parse_name(stem)
    assert (labels.pitch, labels.sure) == (pitch, False)


@pytest.mark.parametrize("stem", ["Cello.arco.ff.sulC.C2B2", "scale C2-B2", "C2toB2"])
def test_range_of_pitches_is_not_one_pitch(stem: str) -> None:
    labels = parse_name(stem)
    assert labels.pitches == (36, 47)
    assert labels.pitch is None


def test_name_and_marked_number_that_disagree_are_both_given() -> None:
    assert parse_name("cello_C4_midi62").pitches == (60, 62)


def test_same_pitch_twice_is_one_pitch() -> None:
    assert parse_name("cello_C4_midi60").pitch == 60


@pytest.mark.parametrize(("middle_c", "pitch"), [(3, 72), (4, 60), (5, 48)])
def test_middle_c_moves_all_octaves(middle_c: int, pitch: int) -> None:
    assert parse_name("C4", Naming(middle_c)).pitch == pitch


@pytest.mark.parametrize(("stem", "pitch"), [("H3", 59), ("B3", 58), ("Bb3", 58), ("Fs3", 54)])
def test_german_names_have_h(stem: str, pitch: int) -> None:
    assert parse_name(stem, Naming(german=True)).pitch == pitch


@given(
    pitch=st.integers(LOWEST_NAMED, 127),
    middle_c=st.sampled_from([3, 4, 5]),
    before=st.sampled_from(["", "cello_", "My Synth ", "Rhodes.ff."]),
    after=st.sampled_from(["", "_mf", " v90", ".pp", "_rr1"]),
)
def test_name_of_any_pitch_is_read_as_that_pitch(
    pitch: int, middle_c: int, before: str, after: str
) -> None:
    name = pitch_name(pitch, middle_c)
    assert parse_name(f"{before}{name}{after}", Naming(middle_c)).pitch == pitch


@given(st.text(max_size=40))
def test_any_name_is_read_without_an_error(stem: str) -> None:
    labels = parse_name(stem)
    assert all(0 <= pitch <= 127 for pitch in labels.pitches)
    assert labels.velocity is None or 1 <= labels.velocity <= 127
