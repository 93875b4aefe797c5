import msgspec
import pretend
from desk import CUTOFF, map_of
from hypothesis import given
from hypothesis import strategies as st

from gui.history.sound_differences import Moment, differences
from gui.history.sound_history import MERGE_SECONDS, Deed, SoundHistory
from instrument import MidiMap, Preset

START = Preset(name="Start", corners=pretend.CORNERS)


def moment(preset=START, *, is_changed=False, midi_map=None, **changes):
    preset = msgspec.structs.replace(preset, **changes)
    is_moved = preset != START and preset.name == START.name
    return Moment(preset, midi_map or MidiMap(), is_changed or is_moved)


def turned(name, value, of=START):
    return moment(of, parameters={**of.parameters, name: value})


def history(*moments):
    made = SoundHistory()
    for at, each in enumerate((moment(), *moments)):
        made.take(each, at * 10.0)
    return made


def test_the_first_sound_is_no_step():
    assert history().undo() is None
    assert history().undo_words == ""


def test_undo_gives_the_sound_before_and_redo_the_one_after():
    cutoff = turned("cutoff", 800.0)
    made = history(cutoff)
    assert made.undo_words == "cutoff"
    assert made.undo() == moment()
    assert made.redo_words == "cutoff"
    assert made.redo() == cutoff


def test_moves_of_one_control_that_follow_one_another_are_one_step():
    made = SoundHistory()
    made.take(moment(), 0.0)
    for i in range(20):
        made.take(turned("cutoff", 1000.0 + i), 5.0 + 0.5 * i)
    assert made.undo() == moment()
    assert made.undo() is None
    assert len(made.cards) == 2


def test_a_pause_begins_another_step():
    made = SoundHistory()
    made.take(moment(), 0.0)
    made.take(turned("cutoff", 900.0), 1.0)
    made.take(turned("cutoff", 800.0), 1.1 + MERGE_SECONDS)
    assert made.undo() == turned("cutoff", 900.0)


def test_both_ways_of_the_pad_are_one_control():
    made = SoundHistory()
    for at, (x, y) in enumerate(((0.5, 0.5), (0.6, 0.5), (0.6, 0.7), (0.2, 0.1))):
        made.take(moment(pad_x=x, pad_y=y), 0.1 * at)
    assert made.undo_words == "pad"
    assert made.undo() == moment()


def test_another_control_is_another_step():
    cutoff = turned("cutoff", 800.0)
    made = SoundHistory()
    made.take(moment(), 0.0)
    made.take(cutoff, 0.1)
    made.take(turned("attack", 1.0, of=cutoff.preset), 0.2)
    assert made.undo() == cutoff


def test_two_re_rolls_are_two_steps_however_fast():
    def rolled(seed):
        corner = msgspec.structs.replace(
            pretend.CORNERS[2], name=f"Roll {seed}", seed=seed, z=pretend.latent(seed), timbre=""
        )
        return moment(corners=(*pretend.CORNERS[:2], corner, pretend.CORNERS[3]))

    made = SoundHistory()
    for at, each in enumerate((moment(), rolled(1), rolled(2))):
        made.take(each, 0.01 * at)
    assert made.undo_words == "timbres"
    assert made.undo() == rolled(1)


def test_a_sound_that_was_moved_is_not_as_on_disk_whatever_a_late_status_says():
    made = SoundHistory()
    made.take(moment(), 0.0)
    made.take(Moment(turned("cutoff", 800.0).preset, is_changed=False), 1.0)
    assert made.now.is_changed


def test_opening_a_preset_is_a_step_that_says_its_name():
    made = history(moment(name="Glass koto", pad_x=0.1))
    assert made.undo_words == "open Glass koto"
    assert made.undo() == moment()


def test_a_changed_mapping_is_a_step():
    made = history(moment(midi_map=map_of(CUTOFF)))
    assert made.undo_words == "MIDI controllers"
    assert made.undo().midi_map == MidiMap()


def test_what_a_model_fills_in_is_no_step():
    asked = msgspec.structs.replace(pretend.CORNERS[0], z=())
    made = SoundHistory()
    made.take(moment(corners=(asked, *pretend.CORNERS[1:])), 0.0)
    assert not made.take(moment(), 1.0)
    assert made.undo() is None
    assert made.now == moment()


def test_a_new_step_forgets_what_was_undone_but_the_trail_does_not():
    made = history(turned("cutoff", 800.0))
    made.undo()
    made.take(turned("attack", 1.0), 99.0)
    assert made.redo() is None
    assert [card.what for card in made.cards] == ["attack", "cutoff", "start"]
    assert made.cards[1].moment == turned("cutoff", 800.0)


def test_what_is_settled_after_an_undo_is_no_step():
    made = history(turned("cutoff", 800.0))
    made.undo()
    made.settle(moment(tags=("as the instrument says it",)))
    assert made.redo_words == "cutoff"


def test_a_deed_is_undone_in_its_turn():
    told = []
    made = history(turned("cutoff", 800.0))
    made.did(Deed("delete Ash", lambda: told.append("back"), lambda: told.append("gone")))
    made.undo()()
    made.redo()()
    assert told == ["back", "gone"]
    made.undo()
    assert made.undo() == moment()


def test_after_saving_the_sound_before_is_one_that_is_not_on_disk():
    made = history(turned("cutoff", 800.0)._replace(is_changed=True))
    made.saved("Start")
    assert not made.now.is_changed
    assert made.undo().is_changed


def test_a_sound_saved_under_another_name_is_no_step():
    made = history(turned("cutoff", 800.0)._replace(is_changed=True))
    made.saved("Mine")
    named = turned("cutoff", 800.0)
    assert not made.take(Moment(msgspec.structs.replace(named.preset, name="Mine")), 99.0)


def test_a_field_of_a_later_preset_is_found_without_being_told():
    class Point(msgspec.Struct, frozen=True):
        x: float

    class Later(Preset, frozen=True, kw_only=True):
        places: tuple[Point, ...] = ()

    one, other = Later(places=(Point(0.1),)), Later(places=(Point(0.2),))
    assert differences(Moment(one), Moment(other)) == {"places.0.x": (0.1, 0.2)}


def test_latents_that_stay_are_kept_once():
    made = SoundHistory()
    made.take(moment(), 0.0)
    fresh = msgspec.json.decode(msgspec.json.encode(turned("cutoff", 800.0).preset), type=Preset)
    assert fresh.corners[0].z is not START.corners[0].z
    made.take(Moment(fresh), 1.0)
    assert made.now.preset.corners[0].z is START.corners[0].z


@given(
    st.lists(st.tuples(st.sampled_from(("cutoff", "attack", "x", "undo", "redo")), st.floats(0, 1)))
)
def test_undoing_everything_leads_to_the_start_and_redoing_to_the_end(moves):
    made, at = SoundHistory(), 0.0
    made.take(moment(), at)
    for name, value in moves:
        at += value
        now = made.now.preset
        if name in ("undo", "redo"):
            getattr(made, name)()
        elif name == "x":
            made.take(moment(now, pad_x=value), at)
        else:
            made.take(turned(name, 1.0 + value, of=now), at)
    while made.redo() is not None:
        pass
    end = made.now.preset
    while made.undo() is not None:
        pass
    assert made.now.preset == START
    while made.redo() is not None:
        pass
    assert made.now.preset == end
