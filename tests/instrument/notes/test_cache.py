"""The note cache: whose note is made next, what every key plays meanwhile, what is let go."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.engine.pool import NoteInfo
from instrument.notes.cache import MAXIMUM_TRIES, NoteCache
from instrument.notes.note_slots import LET_GO_SECONDS
from instrument.notes.renderer_protocol import RenderNote
from instrument.notes.target import GRID, Target, make_target
from instrument.values.status import Freshness
from tests.instrument.pad_corners import x_of, y_of

MODEL = "a model's hash"
CORNERS = np.random.default_rng(0).standard_normal((4, 8)).tolist()
LOWEST, HIGHEST = 48, 72
N_PITCHES = HIGHEST - LOWEST + 1


def place(x: float, y: float = 0.5) -> Target:
    return make_target(MODEL, CORNERS, x, y)


class Player:
    """A cache with a clock, a renderer and an engine that only keep books."""

    def __init__(self, n_slots: int = 200) -> None:
        self.now = 100.0
        self.cache = NoteCache(n_slots, 48000.0, clock=lambda: self.now)
        self.cache.set_pitches(LOWEST, HIGHEST)
        self.cache.set_ready(MODEL)
        self.in_use: set[int] = set()
        self.playing: dict[int, NoteInfo] = {}  # the engine: pitch -> note
        self.contents: dict[int, RenderNote] = {}  # the pool: slot -> what was written last

    def jobs(self, n_jobs: int = 2) -> list[RenderNote]:
        return self.cache.next_jobs(n_jobs, self.in_use)

    def render(self, job: RenderNote) -> None:
        self.contents[job.slot] = job
        whole = NoteInfo(job.slot, 150000, 60000, 140000)
        self.cache.note_rendered(job.job, NoteInfo(job.slot, 28800) if job.first_only else whole)
        self.cache.publish_to(self.publish)

    def publish(self, pitch: int, note: NoteInfo | None, layer: int) -> bool:
        assert note is not None
        assert layer == 0
        self.playing[pitch] = note
        return True

    def render_all(self) -> list[RenderNote]:
        done = []
        while jobs := self.jobs():
            for job in jobs:
                self.render(job)
            done += jobs
        return done

    def played(self, pitch: int) -> RenderNote:
        """What the engine plays for a key: the job whose samples lie in its slot."""
        return self.contents[self.playing[pitch].slot]


@pytest.fixture
def player() -> Player:
    return Player()


def pitches(jobs: Iterable[RenderNote]) -> list[int]:
    return [job.pitch for job in jobs]


# What is made next.


def test_keyboard_is_made_from_the_middle_outward(player: Player) -> None:
    player.cache.want(place(0.5))
    made = pitches(player.render_all())
    assert made[:5] == [60, 59, 61, 58, 62]
    assert sorted(made) == list(range(LOWEST, HIGHEST + 1))


def test_nothing_is_made_while_the_model_is_not_open(player: Player) -> None:
    player.cache.set_ready(None)
    player.cache.want(place(0.5))
    assert player.jobs() == []
    player.cache.set_ready("another")
    assert player.jobs() == []
    player.cache.set_ready(MODEL)
    assert player.jobs() != []


def test_no_more_jobs_are_given_out_than_the_renderer_can_work_on(player: Player) -> None:
    player.cache.want(place(0.5))
    assert len(player.jobs(3)) == 3
    assert player.jobs(3) == []
    assert player.cache.n_in_flight == 3


def test_sounding_keys_come_first_then_those_just_played_then_the_rest(player: Player) -> None:
    player.cache.want(place(0.25))
    player.render_all()
    for note in (50, 70, 52):
        player.now += 0.1
        player.cache.key_down(note)
    player.cache.key_up(70)
    player.now += 0.1
    player.cache.key_up(52)
    player.cache.want(place(0.75))
    player.now += 1
    assert pitches(player.render_all())[:4] == [50, 52, 70, 60]


def test_key_played_long_ago_waits_its_turn(player: Player) -> None:
    player.cache.want(place(0.25))
    player.render_all()
    player.cache.key_down(50)
    player.cache.key_up(50)
    player.now += 11
    player.cache.want(place(0.75))
    player.now += 1
    assert pitches(player.jobs(1)) == [60]


def test_keys_of_a_chord_follow_a_moving_finger_in_turn(player: Player) -> None:
    chord = [50, 60, 70]
    player.cache.want(place(0.0))
    player.render_all()
    for note in chord:
        player.cache.key_down(note)
    followed = []
    for step in range(1, 7):
        player.now += 0.05
        player.cache.want(place(step / 10))
        (job,) = player.jobs(1)
        followed.append(job.pitch)
        player.render(job)
    assert sorted(followed[:3]) == chord
    assert sorted(followed[3:]) == chord


def test_dragging_makes_only_keys_that_are_played_until_the_finger_rests(player: Player) -> None:
    player.cache.want(place(0.2))
    player.render_all()
    player.cache.key_down(64)
    player.cache.want(place(0.4))
    assert pitches(player.render_all()) == [64]
    wait = player.cache.wait_seconds()
    assert wait == pytest.approx(0.15)
    player.now += wait
    assert len(player.render_all()) == N_PITCHES - 1


def test_first_target_need_not_rest(player: Player) -> None:
    player.cache.want(place(0.2))
    assert player.cache.wait_seconds() is None
    assert player.jobs()


def test_new_corners_need_not_rest(player: Player) -> None:
    player.cache.want(place(0.2))
    player.cache.want(make_target(MODEL, CORNERS[::-1], 0.2, 0.5))
    assert len(player.render_all()) == N_PITCHES


def test_requests_that_nobody_wants_any_more_are_dropped(player: Player) -> None:
    player.cache.want(place(0.2))
    in_flight = player.jobs()
    player.cache.want(place(0.8))
    player.now += 1
    for job in in_flight:
        player.render(job)
    assert {x_of(job) for job in player.render_all()} == {x_of(place(0.8))}


# A cold key.


def test_cold_key_gets_its_beginning_at_once_and_then_the_whole_note(player: Player) -> None:
    player.cache.want(place(0.5))
    player.jobs()
    player.cache.key_down(50)
    (urgent,) = player.jobs()
    assert (urgent.pitch, urgent.first_only) == (50, True)
    player.render(urgent)
    assert player.playing[50].loop_end == 0
    whole = next(job for job in player.jobs(3) if job.pitch == 50)
    assert not whole.first_only
    player.render(whole)
    assert player.playing[50].loop_end > 0


def test_cold_key_never_waits_behind_whole_notes(player: Player) -> None:
    player.cache.want(place(0.5))
    assert len(player.jobs(2)) == 2
    player.cache.key_down(70)
    assert [(job.pitch, job.first_only) for job in player.jobs(2)] == [(70, True)]


def test_key_whose_note_is_in_the_making_still_gets_its_beginning(player: Player) -> None:
    player.cache.want(place(0.5))
    assert 60 in pitches(player.jobs())
    player.cache.key_down(60)
    assert [(job.pitch, job.first_only) for job in player.jobs()] == [(60, True)]


def test_beginning_that_comes_after_the_whole_note_is_not_played(player: Player) -> None:
    player.cache.want(place(0.5))
    whole = player.jobs(1)[0]
    player.cache.key_down(whole.pitch)
    (beginning,) = player.jobs(1)
    player.render(whole)
    player.render(beginning)
    assert player.played(whole.pitch) == whole


def test_key_with_a_stale_note_needs_no_beginning(player: Player) -> None:
    player.cache.want(place(0.2))
    player.render_all()
    player.cache.want(place(0.8))
    player.cache.key_down(50)
    assert [(job.pitch, job.first_only) for job in player.jobs()] == [(50, False)]


def test_short_tap_on_a_cold_key_still_gets_its_beginning(player: Player) -> None:
    player.cache.want(place(0.5))
    player.cache.key_down(50)
    player.cache.key_up(50)
    player.now += 0.1
    assert player.jobs()[0].first_only
    player.now += 1
    assert not any(job.first_only for job in player.jobs(9))


def test_key_beyond_the_models_range_asks_for_the_outermost_pitch(player: Player) -> None:
    player.cache.want(place(0.5))
    player.cache.key_down(HIGHEST + 5)
    assert player.jobs()[0].pitch == HIGHEST


# What is played meanwhile.


def test_stale_notes_stay_playable(player: Player) -> None:
    player.cache.want(place(0.2))
    player.render_all()
    player.cache.want(place(0.8))
    assert {x_of(player.played(p)) for p in range(LOWEST, HIGHEST + 1)} == {x_of(place(0.2))}


def test_note_from_the_way_of_the_finger_is_played_though_the_finger_moved_on(
    player: Player,
) -> None:
    player.cache.want(place(0.2))
    player.render_all()
    player.cache.key_down(60)
    player.cache.want(place(0.4))
    (job,) = player.jobs(1)
    player.cache.want(place(0.6))
    player.render(job)
    assert x_of(player.played(60)) == x_of(place(0.4))


def test_late_note_does_not_replace_the_one_that_is_wanted(player: Player) -> None:
    player.cache.want(place(0.2))
    player.cache.key_down(60)
    late = next(job for job in player.jobs(1) if not job.first_only)
    player.cache.want(place(0.4))
    right = next(job for job in player.jobs(2) if job.pitch == 60 and not job.first_only)
    player.render(right)
    player.render(late)
    assert player.played(60) == right


def test_returning_to_a_place_finds_its_notes(player: Player) -> None:
    player.cache.want(place(0.2))
    player.render_all()
    player.cache.want(place(0.8))
    player.now += 1
    player.render_all()
    player.cache.want(place(0.2 + 0.2 / GRID))
    player.cache.publish_to(player.publish)
    player.now += 1
    assert player.jobs() == []
    assert {x_of(player.played(p)) for p in range(LOWEST, HIGHEST + 1)} == {x_of(place(0.2))}


def test_note_that_the_engine_could_not_take_is_offered_again(player: Player) -> None:
    player.cache.want(place(0.5))
    (job,) = player.jobs(1)
    player.cache.note_rendered(job.job, NoteInfo(job.slot, 100))
    assert player.cache.publish_to(lambda pitch, note, layer: False) == 0
    assert player.cache.has_unpublished
    assert player.cache.publish_to(player.publish) == 1
    assert not player.cache.has_unpublished
    assert player.cache.publish_to(player.publish) == 0


def test_new_engine_is_told_every_note(player: Player) -> None:
    player.cache.want(place(0.5))
    player.render_all()
    player.playing.clear()
    player.cache.republish()
    player.cache.publish_to(player.publish)
    assert len(player.playing) == N_PITCHES


# Freshness.


def test_freshness_tells_absent_rendering_fresh_and_stale(player: Player) -> None:
    assert player.cache.freshness() == bytes(128)
    player.cache.want(place(0.2))
    first, second = player.jobs()
    assert player.cache.freshness()[first.pitch] == Freshness.RENDERING
    player.render(first)
    assert player.cache.freshness()[first.pitch] == Freshness.FRESH
    assert player.cache.freshness()[second.pitch] == Freshness.RENDERING
    player.cache.want(place(0.8))
    assert player.cache.freshness()[first.pitch] == Freshness.STALE
    assert player.cache.freshness()[LOWEST - 1] == Freshness.ABSENT
    assert len(player.cache.freshness()) == 128


def test_fresh_notes_are_counted(player: Player) -> None:
    player.cache.want(place(0.2))
    assert (player.cache.n_fresh, player.cache.n_notes) == (0, N_PITCHES)
    player.render_all()
    assert player.cache.n_fresh == N_PITCHES
    player.cache.want(place(0.8))
    assert player.cache.n_fresh == 0


# Slots.


def test_least_recently_used_notes_are_let_go_first() -> None:
    player = Player(n_slots=1 + 4 * N_PITCHES)
    for x in (0.1, 0.3, 0.5, 0.1, 0.7, 0.9):
        player.cache.want(place(x))
        player.cache.publish_to(player.publish)
        player.now += 1
        player.render_all()
    player.cache.want(place(0.1))
    assert player.cache.n_fresh == N_PITCHES
    player.cache.want(place(0.3))
    assert player.cache.n_fresh == 0


def test_slot_that_a_voice_reads_is_not_written() -> None:
    player = Player(n_slots=1 + N_PITCHES + 5)
    player.cache.want(place(0.2))
    player.render_all()
    player.in_use = {player.playing[pitch].slot for pitch in (60, 61, 62)}
    written = set()
    for x in (0.4, 0.6, 0.8):
        player.cache.want(place(x))
        for _ in range(N_PITCHES):
            player.now += 1
            written |= {job.slot for job in player.render_all()}
    assert written == set(range(1, 1 + N_PITCHES + 5)) - player.in_use


def test_silent_slot_is_never_given_out() -> None:
    player = Player(n_slots=10)
    player.cache.want(place(0.2))
    assert all(job.slot != 0 for job in player.render_all())


def test_slot_just_replaced_is_spared_until_the_engine_must_have_heard() -> None:
    player = Player(n_slots=1 + N_PITCHES + 1)
    player.cache.want(place(0.2))
    player.render_all()
    player.cache.want(place(0.8))
    player.now += 1
    (first,) = player.jobs()
    player.render(first)
    assert player.jobs() == []
    assert player.cache.wait_seconds() == pytest.approx(0.05)
    player.now += LET_GO_SECONDS
    (second,) = player.jobs()
    assert player.contents[second.slot].pitch == first.pitch


def test_pinned_notes_are_not_let_go() -> None:
    player = Player(n_slots=1 + 2 * N_PITCHES)
    player.cache.want(place(0.1))
    player.render_all()
    pinned = {note.slot for note in player.cache.pin_fresh().values()}
    for x in (0.3, 0.5):
        player.cache.want(place(x))
        player.now += 1
        assert not {job.slot for job in player.render_all()} & pinned
    player.cache.unpin()
    player.now += 1
    assert {job.slot for job in player.render_all()} <= pinned


# What goes wrong.


def test_note_that_fails_is_tried_again_but_not_for_ever(player: Player) -> None:
    player.cache.want(place(0.5))
    tries = 0
    while (job := player.jobs(1)[0]).pitch == 60:
        tries += 1
        player.cache.render_failed(job.job)
    assert tries == MAXIMUM_TRIES


def test_failed_notes_are_tried_again_at_the_next_place(player: Player) -> None:
    player.cache.want(place(0.5))
    for _ in range(MAXIMUM_TRIES):
        player.cache.render_failed(player.jobs(1)[0].job)
    player.cache.want(place(0.6))
    player.now += 1
    assert player.jobs(1)[0].pitch == 60


def test_dropped_note_is_wanted_again_and_is_no_failure(player: Player) -> None:
    player.cache.want(place(0.5))
    for _ in range(10):
        (job,) = player.jobs(1)
        assert job.pitch == 60
        player.cache.note_dropped(job.job)


def test_jobs_of_a_dead_renderer_are_given_out_again(player: Player) -> None:
    player.cache.want(place(0.5))
    lost = pitches(player.jobs())
    player.cache.renderer_died()
    assert player.jobs() == []
    player.cache.set_ready(MODEL)
    assert pitches(player.jobs()) == lost


def test_answers_from_before_a_death_are_ignored(player: Player) -> None:
    player.cache.want(place(0.5))
    (job,) = player.jobs(1)
    player.cache.renderer_died()
    player.render(job)
    assert player.cache.n_fresh == 0


def test_no_slot_is_lost_by_failures(player: Player) -> None:
    player.cache.want(place(0.5))
    for _ in range(3):
        for job in player.jobs():
            player.cache.render_failed(job.job)
        player.jobs()
        player.cache.renderer_died()
        player.cache.set_ready(MODEL)
    assert player.cache.n_slots_held == 0


# A baked keyboard.


def test_baked_notes_are_published_and_not_rendered(player: Player) -> None:
    player.cache.set_ready(None)
    player.cache.want(place(0.5))
    slots = player.cache.reserve([59, 60, 61], set())
    assert next(iter(slots)) == 60
    player.cache.adopt({p: NoteInfo(slot, 100, 10, 90) for p, slot in slots.items()})
    player.cache.publish_to(player.publish)
    assert set(player.playing) == {59, 60, 61}
    player.cache.set_ready(MODEL)
    assert not set(pitches(player.render_all())) & {59, 60, 61}


def test_notes_that_are_being_copied_are_not_rendered_too(player: Player) -> None:
    player.cache.want(place(0.5))
    player.cache.reserve([60, 61], set())
    assert pitches(player.jobs(3)) == [59, 58, 62]
    player.cache.key_down(61)
    assert [(job.pitch, job.first_only) for job in player.jobs(3)] == [(61, True)]


def test_reserved_slots_that_get_no_note_come_back(player: Player) -> None:
    player.cache.want(place(0.5))
    player.cache.reserve(range(LOWEST, HIGHEST), set())
    player.cache.adopt({})
    assert player.cache.n_slots_held == 0


def test_notes_that_are_there_are_not_reserved_again(player: Player) -> None:
    player.cache.want(place(0.5))
    player.render_all()
    assert player.cache.reserve(range(LOWEST, HIGHEST), set()) == {}


# Cells.


def test_places_in_one_cell_are_one_target() -> None:
    assert place(0.5) == place(0.5 + 0.4 / GRID)
    assert place(0.5).cell != place(0.5 + 0.6 / GRID).cell


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
def test_corners_and_middle_are_on_the_grid(x: float) -> None:
    target = make_target(MODEL, CORNERS, x, x)
    assert (x_of(target), y_of(target)) == (x, x)


def test_finger_beyond_the_pad_is_at_its_edge() -> None:
    assert place(1.2, -3.0) == place(1.0, 0.0)


def test_rerolling_a_corner_far_away_keeps_the_notes_of_the_edge() -> None:
    other = [*CORNERS[:3], CORNERS[0]]
    assert make_target(MODEL, other, 0.5, 0).cell == make_target(MODEL, CORNERS, 0.5, 0).cell
    assert make_target(MODEL, other, 0.5, 0.5).cell != make_target(MODEL, CORNERS, 0.5, 0.5).cell


def test_corner_that_counts_twice_is_not_the_same_as_half_of_each() -> None:
    a, b = CORNERS[:2]
    twice = make_target(MODEL, [a, a, a, b], 0.5, 0.5)
    assert twice.cell != make_target(MODEL, [a, b, a, b], 0.25, 0).cell


def test_another_model_has_other_cells() -> None:
    assert make_target("b", CORNERS, 0, 0).cell != make_target("a", CORNERS, 0, 0).cell


def test_single_latent_is_the_same_everywhere_on_the_pad() -> None:
    assert make_target(MODEL, CORNERS[:1], 0.1, 0.2) == make_target(MODEL, CORNERS[:1], 0.9, 0)


@pytest.mark.parametrize("latents", [[], [[1.0], [1.0], [1.0], [1.0, 2.0]], [[]]])
def test_target_needs_latents_of_one_length(latents: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="latents of one length"):
        make_target(MODEL, latents, 0, 0)


# Whatever happens.

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.floats(0, 1)),
        st.tuples(st.just("down"), st.integers(40, 80)),
        st.tuples(st.just("up"), st.integers(40, 80)),
        st.tuples(st.just("wait"), st.floats(0, 1)),
        st.tuples(st.just("render"), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.integers(0, 3)),
        st.tuples(st.just("die"), st.just(0)),
        st.tuples(st.just("sound"), st.integers(LOWEST, HIGHEST)),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS)
def test_no_slot_that_is_heard_is_ever_written(actions: list[tuple[str, float]]) -> None:
    player = Player(n_slots=30)
    waiting: list[RenderNote] = []
    for action, value in actions:
        if action == "move":
            player.cache.want(place(value))
        elif action == "down":
            player.cache.key_down(int(value))
        elif action == "up":
            player.cache.key_up(int(value))
        elif action == "wait":
            player.now += value
        elif action == "sound" and int(value) in player.playing:
            player.in_use = {player.playing[int(value)].slot}
        elif action == "die":
            player.cache.renderer_died()
            player.cache.set_ready(MODEL)
            waiting = []
        elif waiting and action in ("render", "fail"):
            job = waiting.pop(int(value) % len(waiting))
            if action == "render":
                player.render(job)
            else:
                player.cache.render_failed(job.job)
        heard = {note.slot for note in player.playing.values()} | player.in_use | {0}
        jobs = player.jobs()
        assert not {job.slot for job in jobs} & heard
        waiting += jobs
        slots = [job.slot for job in waiting]
        assert len(slots) == len(set(slots))
    assert player.cache.n_slots_held <= 29
