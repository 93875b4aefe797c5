"""Notes with a timbre of their own: by pressure and by motion; slides are in test_voicing.py."""

import pytest

from instrument.engine.layers import N_OWN_LAYERS, OWN_LAYER
from instrument.notes.own_notes import BRIGHTEST, GRID, MOST_OWN, OwnNotes, OwnTimbre
from instrument.values.parameters import MOTION_SCOPES, PRESSURE_TARGETS, defaults

MEMBERS = range(1, 4)
BRIGHT, PAD_X, PAD_Y = (float(PRESSURE_TARGETS.index(n)) for n in ("bright", "pad X", "pad Y"))
PER_NOTE = float(MOTION_SCOPES.index("note"))


@pytest.fixture
def notes() -> OwnNotes:
    return OwnNotes(lambda channel: channel in MEMBERS)


def moved(notes: OwnNotes, **changes: float) -> dict[int, OwnTimbre]:
    return notes.moved(defaults() | changes, 0.5, 0.5)


def by_note(notes: OwnNotes, **changes: float) -> dict[int, tuple[float, float, float]]:
    return {of.note: (of.x, of.y, of.brightness) for of in moved(notes, **changes).values()}


def test_nothing_differs_from_the_pad_with_the_knobs_as_they_come(notes: OwnNotes) -> None:
    notes.strike(0, 60, 60, 100)
    notes.press(0, 60, 1.0)
    notes.shift((0, 60), 0.25, 0.0)
    assert moved(notes) == {}


@pytest.mark.parametrize(
    ("target", "expected"),
    [(PAD_X, (0.75, 0.5, 0.0)), (PAD_Y, (0.5, 0.75, 0.0)), (BRIGHT, (0.5, 0.5, BRIGHTEST / 4))],
)
def test_the_pressure_of_a_key_moves_its_own_note_and_no_other(
    notes: OwnNotes, target: float, expected: tuple[float, float, float]
) -> None:
    notes.strike(0, 60, 60, 100)
    notes.strike(0, 64, 64, 100)
    notes.press(0, 60, 0.5)
    assert by_note(notes, pressure_to=target, pressure_timbre=0.5) == {60: expected}


def test_the_pressure_of_a_channel_moves_all_its_notes_and_those_that_follow(
    notes: OwnNotes,
) -> None:
    notes.strike(0, 60, 60, 100)
    notes.strike(5, 62, 62, 100)
    notes.press(0, None, 1.0)
    notes.strike(0, 64, 64, 100)
    assert sorted(by_note(notes, pressure_to=PAD_X)) == [60, 64]


def test_a_note_that_is_pressed_no_more_is_at_the_pads_place_again(notes: OwnNotes) -> None:
    notes.strike(0, 60, 60, 100)
    for pressure in (1.0, 0.0):
        notes.press(0, 60, pressure)
    assert by_note(notes, pressure_to=PAD_X) == {60: (0.5, 0.5, 0.0)}


def test_each_note_moves_by_its_own_motion(notes: OwnNotes) -> None:
    for key, right in ((60, 0.25), (64, -0.25)):
        notes.strike(0, key, key, 100)
        notes.shift((0, key), right, 0.0)
    places = by_note(notes, motion_per=PER_NOTE)
    assert places == {60: (0.75, 0.5, 0.0), 64: (0.25, 0.5, 0.0)}


def test_pressure_and_motion_add_up_and_go_in_steps(notes: OwnNotes) -> None:
    notes.strike(0, 60, 60, 100)
    notes.press(0, 60, 0.3)
    notes.shift((0, 60), 0.101, 0.0)
    ((x, _, _),) = by_note(
        notes, motion_per=PER_NOTE, pressure_to=PAD_X, pressure_timbre=1.0
    ).values()
    assert (x - 0.5) * GRID == round(0.3 * GRID) + round(0.101 * GRID)


def test_the_newest_notes_have_their_own_timbre_and_the_others_the_pads(notes: OwnNotes) -> None:
    for key in range(40, 40 + MOST_OWN + 3):
        notes.strike(0, key, key, 100)
    assert sorted(by_note(notes, motion_per=PER_NOTE)) == list(range(43, 43 + MOST_OWN))


def test_no_two_notes_share_a_layer_and_none_takes_a_members(notes: OwnNotes) -> None:
    for channel in MEMBERS:
        notes.strike(channel, 50 + channel, 50 + channel, 100)
    for key in range(60, 60 + MOST_OWN):
        notes.strike(0, key, key, 100)
    layers = moved(notes, motion_per=PER_NOTE)
    assert len(layers) == len(MEMBERS) + MOST_OWN
    assert set(layers) <= set(range(OWN_LAYER, OWN_LAYER + N_OWN_LAYERS))
    assert {n: layers[OWN_LAYER + n].note - 50 for n in MEMBERS} == {n: n for n in MEMBERS}


def test_where_members_have_all_layers_the_others_play_the_pads() -> None:
    notes = OwnNotes(lambda _: True)
    notes.strike(3, 60, 60, 100)
    crowded = OwnNotes(lambda channel: channel > 0)
    for key in (60, 64):
        crowded.strike(0, key, key, 100)
    assert list(moved(notes, motion_per=PER_NOTE)) == [OWN_LAYER + 3]
    assert list(by_note(crowded, motion_per=PER_NOTE)) == [60]


def test_a_key_that_comes_up_gives_its_layer_back_and_keeps_it_from_no_other(
    notes: OwnNotes,
) -> None:
    notes.strike(0, 60, 60, 100)
    (layer,) = moved(notes, motion_per=PER_NOTE)
    notes.release(0, 60)
    assert moved(notes, motion_per=PER_NOTE) == {}
    notes.strike(0, 67, 67, 100)
    assert list(moved(notes, motion_per=PER_NOTE)) == [layer]


def test_all_keys_up_leaves_only_members(notes: OwnNotes) -> None:
    notes.strike(0, 60, 60, 100)
    notes.strike(2, 62, 62, 100)
    notes.release_all()
    assert list(by_note(notes, motion_per=PER_NOTE)) == [62]
