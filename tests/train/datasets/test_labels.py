"""A note gets the pitch of its name or of its sound, and it is said when they disagree."""

import pytest

from train.datasets.labels import Trust, decide_pitch
from train.datasets.note_names import parse_name
from train.datasets.pitch import HeardPitch


def decide(stem: str, heard: float | None, trust: Trust = "name") -> tuple[int | None, str]:
    sound = None if heard is None else HeardPitch(heard, 1.0)
    decision = decide_pitch(parse_name(stem), sound, trust)
    return decision.pitch, decision.remark


@pytest.mark.parametrize("heard", [60.0, 60.4, 59.6, None])
def test_name_that_agrees_or_cannot_be_checked_counts_without_a_word(heard: float | None) -> None:
    assert decide("cello_C4", heard) == (60, "")


@pytest.mark.parametrize(("heard", "sound"), [(72.1, "C5"), (48.0, "C3"), (61.0, "C#4")])
@pytest.mark.parametrize(("trust", "by_name"), [("name", True), ("sound", False)])
def test_disagreement_is_named_and_the_choice_counts(
    heard: float, sound: str, trust: Trust, by_name: bool
) -> None:
    pitch, remark = decide("cello_C4", heard, trust)
    assert pitch == (60 if by_name else round(heard))
    assert remark.startswith(f"says C4 and sounds {sound}")


def test_note_that_disagrees_is_left_out_when_neither_is_trusted() -> None:
    pitch, remark = decide("cello_C4", 61.0, "neither")
    assert pitch is None
    assert "Rename it" in remark


def test_bare_number_gives_way_to_the_sound() -> None:
    pitch, remark = decide("cello 24", 52.0)
    assert pitch == 52
    assert "a number that is not its pitch" in remark


def test_bare_number_an_octave_off_is_a_pitch() -> None:
    assert decide("organ 60", 48.0)[0] == 60


def test_without_a_name_the_sound_counts() -> None:
    assert decide("take", 57.1) == (57, "")


def test_pitch_between_two_keys_is_remarked() -> None:
    pitch, remark = decide("take", 57.45)
    assert pitch == 57
    assert "+45 cents beside A3" in remark


def test_nothing_named_and_nothing_heard_is_left_out_with_an_example_of_a_name() -> None:
    pitch, remark = decide("noise", None)
    assert pitch is None
    assert "name_C4.wav" in remark


def test_of_two_names_the_sound_decides() -> None:
    assert decide("cello_C4_midi62", 62.1)[0] == 62


def test_two_names_and_no_sound_is_left_out() -> None:
    pitch, remark = decide("cello_C4_midi62", None)
    assert pitch is None
    assert remark.startswith("names C4 and D4")
