"""The note cache with layers: what is made when, what is let go, and what costs nothing."""

import numpy as np
import pytest

from instrument.engine.layers import OWN_LAYER
from instrument.engine.pool import NoteInfo
from instrument.notes.cache import NoteCache
from instrument.notes.note_slots import LET_GO_SECONDS
from instrument.notes.renderer_protocol import RenderNote, Shade
from instrument.notes.target import Target, make_target
from instrument.values.status import Freshness
from tests.instrument.pad_corners import x_of

Slid = dict[int, tuple[int, Target]]
MODEL = "a model's hash"
CORNERS = np.random.default_rng(0).standard_normal((4, 8)).tolist()
LOWEST, HIGHEST = 57, 63
PITCHES = range(LOWEST, HIGHEST + 1)
SOFT, SOFTEST = Shade(softness=0.5), Shade(softness=1.0)
SLID = OWN_LAYER + 3


def place(x: float) -> Target:
    return make_target(MODEL, CORNERS, x, 0.5)


class Player:
    """A cache with a clock, a renderer and an engine that only keep books."""

    def __init__(self, n_slots: int = 200) -> None:
        self.now = 100.0
        self.cache = NoteCache(n_slots, 48000.0, clock=lambda: self.now)
        self.cache.set_pitches(LOWEST, HIGHEST)
        self.cache.set_ready(MODEL)
        self.in_use: set[int] = set()
        self.mail: dict[tuple[int, int], int] = {}  # layer and pitch -> slot
        self.contents: dict[int, RenderNote] = {}

    def want(
        self, x: float, *shades: Shade, slid: dict[int, tuple[int, Target]] | None = None
    ) -> None:
        target = place(x)
        layers = {n: target.shaded(shade) for n, shade in enumerate(shades, 1)}
        self.cache.want(target, layers, slid or {})
        self.publish()

    def jobs(self, n_jobs: int = 2) -> list[RenderNote]:
        return self.cache.next_jobs(n_jobs, self.in_use)

    def render(self, job: RenderNote) -> None:
        assert job.slot not in self.mail.values()
        self.contents[job.slot] = job
        self.cache.note_rendered(job.job, NoteInfo(job.slot, 1000))
        self.publish()

    def publish(self) -> None:
        def take(pitch: int, note: NoteInfo | None, layer: int) -> bool:
            self.mail.pop((layer, pitch), None)
            if note is not None:
                self.mail[layer, pitch] = note.slot
            return True

        self.cache.publish_to(take)

    def render_all(self) -> list[tuple[int, Shade]]:
        """Make all that is wanted, one after the other: pitch and shade of each."""
        done = []
        while jobs := self.jobs(1):
            for job in jobs:
                self.render(job)
                if not job.first_only:
                    done.append((job.pitch, job.shade))
        return done

    def rest(self) -> None:
        self.now += 1.0

    def played(self, layer: int, pitch: int) -> RenderNote | None:
        slot = self.mail.get((layer, pitch))
        return None if slot is None else self.contents[slot]


@pytest.fixture
def player() -> Player:
    return Player()


def test_the_pads_own_keyboard_is_made_before_all_further_layers(player: Player) -> None:
    player.want(0.5, SOFT, SOFTEST)
    made = player.render_all()
    assert [shade for _, shade in made[:7]] == [Shade()] * 7
    assert made[7:11] == [(60, SOFT), (60, SOFTEST), (59, SOFT), (59, SOFTEST)]
    assert len(made) == 3 * len(PITCHES)


def test_what_a_played_keys_strike_reads_comes_first_and_then_its_own_note(player: Player) -> None:
    player.want(0.5, SOFT, SOFTEST)
    player.cache.key_down(58, (2,))
    assert player.render_all()[:3] == [(58, SOFTEST), (58, Shade()), (60, Shade())]


def test_a_cold_keys_beginning_is_that_of_the_layer_of_its_strike(player: Player) -> None:
    player.want(0.5, SOFT)
    player.cache.key_down(58, (1,))
    (urgent,) = (job for job in player.jobs() if job.first_only)
    assert (urgent.pitch, urgent.shade) == (58, SOFT)
    player.render(urgent)
    assert player.played(1, 58) == urgent
    assert player.played(0, 58) is None


def test_layers_cost_nothing_while_there_are_none(player: Player) -> None:
    player.want(0.5)
    assert len(player.render_all()) == len(PITCHES)
    assert player.mail.keys() == {(0, pitch) for pitch in PITCHES}


def test_a_layer_of_the_pads_own_timbre_is_not_made_twice(player: Player) -> None:
    player.want(0.5, Shade())
    assert len(player.render_all()) == len(PITCHES)
    assert player.mail[1, 60] == player.mail[0, 60]


def test_when_the_pad_moves_a_stale_layer_stays_until_its_keys_own_note_is_there(
    player: Player,
) -> None:
    player.want(0.2, SOFT)
    player.render_all()
    former = player.played(1, 60)
    player.want(0.8, SOFT)
    player.rest()
    assert player.played(1, 60) == former
    (job,) = player.jobs(1)
    assert (job.pitch, job.shade) == (60, Shade())
    player.render(job)
    assert player.played(1, 60) is None
    player.render_all()
    job = player.played(1, 60)
    assert job is not None
    assert (x_of(job), job.shade) == (x_of(place(0.8)), SOFT)


def test_a_layers_note_of_a_former_place_comes_too_late_for_a_key_that_is_fresh(
    player: Player,
) -> None:
    player.want(0.2)
    player.render_all()
    player.want(0.2, SOFT)
    player.rest()
    (late,) = player.jobs(1)
    assert (late.pitch, late.shade) == (60, SOFT)
    player.want(0.8, SOFT)
    player.rest()
    job = next(job for job in player.jobs(2) if job.pitch == 60)
    player.render(job)
    player.render(late)
    assert player.played(1, 60) is None


def test_a_held_soft_note_follows_the_pad_without_a_detour(player: Player) -> None:
    player.want(0.2, SOFT)
    player.render_all()
    player.cache.key_down(60, (1,))
    heard = []
    for x in (0.4, 0.6, 0.8):
        player.now += 0.05
        player.want(x, SOFT)
        (job,) = player.jobs(1)
        player.render(job)
        heard.append(player.played(1, 60))
    assert [(x_of(job), job.shade) for job in heard if job] == [
        (x_of(place(x)), SOFT) for x in (0.4, 0.6, 0.8)
    ]


def test_coming_back_to_a_place_finds_the_notes_of_all_layers(player: Player) -> None:
    for x in (0.2, 0.8, 0.2):
        player.want(x, SOFT)
        player.rest()
        made = player.render_all()
    assert made == []
    assert all((layer, pitch) in player.mail for layer in (0, 1) for pitch in PITCHES)


def test_layers_that_are_switched_off_are_taken_away(player: Player) -> None:
    player.want(0.5, SOFT)
    player.render_all()
    player.want(0.5)
    assert player.mail.keys() == {(0, pitch) for pitch in PITCHES}
    assert player.render_all() == []


def test_a_knob_that_turns_makes_idle_layers_only_when_it_rests(player: Player) -> None:
    player.want(0.5, Shade(softness=0.1))
    player.render_all()
    player.want(0.5, Shade(softness=0.2))
    assert player.render_all() == []
    player.rest()
    assert len(player.render_all()) == len(PITCHES)


def test_a_slide_makes_its_own_note_and_no_other(player: Player) -> None:
    player.want(0.5)
    player.render_all()
    player.cache.key_down(60)
    player.want(0.5, slid={SLID: (60, place(0.75))})
    assert player.render_all() == [(60, Shade())]
    assert player.mail.keys() == {(SLID, 60), *((0, pitch) for pitch in PITCHES)}
    job = player.played(SLID, 60)
    assert job is not None
    assert x_of(job) == x_of(place(0.75))


def test_a_slide_that_comes_back_to_the_pads_place_needs_no_rendering(player: Player) -> None:
    player.want(0.5)
    player.render_all()
    player.want(0.5, slid={SLID: (60, place(0.5))})
    assert player.render_all() == []
    assert player.mail[SLID, 60] == player.mail[0, 60]


def test_a_slide_of_a_key_beyond_the_model_moves_the_outermost_note(player: Player) -> None:
    player.cache.key_down(HIGHEST + 5)
    player.want(0.5, slid={SLID: (HIGHEST + 5, place(0.75))})
    assert (SLID, HIGHEST) not in player.mail
    player.render_all()
    assert (SLID, HIGHEST) in player.mail


def test_a_channel_that_goes_to_another_note_leaves_the_former_one(player: Player) -> None:
    for note in (60, 62):
        player.cache.key_down(note)
        player.want(0.5, slid={SLID: (note, place(0.75))})
        player.render_all()
    assert [pitch for layer, pitch in player.mail if layer == SLID] == [62]


def test_further_layers_leave_room_for_two_keyboards(player: Player) -> None:
    small = Player(n_slots=3 * len(PITCHES) + 1)
    small.want(0.5, SOFT, SOFTEST)
    made = small.render_all()
    assert len(made) == 2 * len(PITCHES)
    assert made[len(PITCHES) :][0] == (60, SOFT)
    small.want(0.9, SOFT, SOFTEST)
    small.rest()
    for _ in PITCHES:
        small.now += LET_GO_SECONDS
        small.render_all()
    assert small.cache.n_fresh == len(PITCHES)


def test_a_played_keys_layer_takes_the_slot_of_one_that_nobody_plays() -> None:
    full = Player(n_slots=2 * len(PITCHES) + 1)
    full.want(0.5, SOFT, SOFTEST)
    full.render_all()
    for pitch in PITCHES:
        full.cache.key_down(pitch, (1,))
        full.cache.key_up(pitch)
        full.render_all()
        full.now += 20.0
    full.cache.key_down(60, (2,))
    for _ in range(3):
        full.now += LET_GO_SECONDS
        full.publish()
        full.render_all()
    job = full.played(2, 60)
    assert job is not None
    assert job.shade == SOFTEST
    assert full.cache.n_fresh == len(PITCHES)


def test_how_fresh_a_key_is_says_its_own_note(player: Player) -> None:
    player.want(0.5, SOFT)
    player.cache.key_down(60, (1,))
    jobs = player.jobs(1)
    player.render(next(job for job in jobs if job.first_only))
    player.render(next(job for job in jobs if not job.first_only))
    assert player.cache.freshness()[60] == Freshness.STALE
    player.render_all()
    assert player.cache.freshness()[60] == Freshness.FRESH


def test_shades_are_cells_of_their_own() -> None:
    target = place(0.5)
    shades = [SOFT, SOFTEST, Shade(sway=0.1, seed=1), Shade(sway=-0.1, seed=1), Shade(sway=0.1)]
    assert len({target.cell, *(target.shaded(shade).cell for shade in shades)}) == 6
    assert target.shaded(Shade()) == target
    assert target.shaded(SOFT) == place(0.5).shaded(SOFT)
