"""Held notes have right of way: a crop around their place first, the whole note when it rests."""

import numpy as np
import pytest

from instrument.engine.held_voices import HeldVoice
from instrument.engine.layers import OWN_LAYER
from instrument.engine.pool import NoteInfo
from instrument.notes.cache import NoteCache
from instrument.notes.onward_notes import SETTLE_SECONDS, TAKE_OVER_SECONDS, timbre_of
from instrument.notes.renderer_protocol import RenderNote
from instrument.notes.target import Target, make_target
from tests.instrument.pad_corners import x_of

MODEL, RATE = "a model's hash", 48000.0
CORNERS = np.random.default_rng(0).standard_normal((4, 8)).tolist()
LOWEST, HIGHEST = 48, 72
N_FRAMES = 150000
CREST = 0.05


def place(x: float) -> Target:
    return make_target(MODEL, CORNERS, x, 0.5)


class Player:
    """A cache with a clock, a renderer and an engine that only keep books."""

    def __init__(self, n_slots: int = 200, *, goes_on: bool = True) -> None:
        self.now = 100.0
        self.cache = NoteCache(n_slots, RATE, clock=lambda: self.now)
        self.cache.set_pitches(LOWEST, HIGHEST)
        self.cache.set_ready(MODEL, goes_on=goes_on)
        self.playing: dict[int, NoteInfo] = {}  # what new strikes play
        self.onward: dict[int, NoteInfo | None] = {}  # what held notes go on with
        self.held: list[HeldVoice] = []

    def jobs(self, n_jobs: int = 2) -> list[RenderNote]:
        return self.cache.next_jobs(n_jobs, {voice.slot for voice in self.held}, self.held)

    def render(self, job: RenderNote) -> None:
        if job.is_crop:
            assert job.heard is not None
            first = round(job.heard.moment) - job.heard.later - 6000
            note = NoteInfo(job.slot, first + 30000, first + 8000, first + 30000, first_frame=first)
        elif job.first_only:
            note = NoteInfo(job.slot, 24000)
        else:
            note = NoteInfo(job.slot, N_FRAMES, 60000, 140000, crest=CREST)
        self.cache.note_rendered(job.job, note)
        self.cache.publish_to(self.publish)
        self.cache.publish_onward_to(self.publish_onward)

    def publish(self, pitch: int, note: NoteInfo | None, _: int) -> bool:
        assert note is not None
        self.playing[pitch] = note
        return True

    def publish_onward(self, pitch: int, note: NoteInfo | None, _: int) -> bool:
        self.onward[pitch] = note
        return True

    def rest(self) -> None:
        """Let the pad rest, and make all that is wanted."""
        self.now += 1.0
        while jobs := self.jobs():
            for job in jobs:
                self.render(job)

    def hold(self, pitch: int, seconds: float = 0.5, **changes: object) -> None:
        """Hold a key that plays what the engine was told last."""
        self.cache.key_down(pitch)
        note = self.playing[pitch]
        moment = seconds * RATE
        fields: dict[str, object] = {
            "layer": 0,
            "note": pitch,
            "timbre": note.timbre,
            "slot": note.slot,
            "first_frame": note.first_frame,
            "n_frames": note.n_frames,
            "steady_end": note.loop_end,
            "moment": moment,
            "elapsed": moment,
            "shift": 0,
            "pace": 1.0,
            "is_fading": False,
        }
        self.held.append(HeldVoice(**(fields | changes)))  # type: ignore[arg-type]

    def take_up(self, pitch: int) -> None:
        """Let the voices of a key go over to what they were given."""
        note = self.onward[pitch]
        assert note is not None
        self.held = [voice for voice in self.held if voice.note != pitch]
        self.playing[pitch] = note
        self.hold(pitch, (note.first_frame + 7000) / RATE)


@pytest.fixture
def player() -> Player:
    player = Player()
    player.cache.want(place(0.25))
    player.rest()
    player.hold(60)
    return player


def test_a_move_of_the_pad_asks_for_a_crop_of_the_held_note_and_for_nothing_else(
    player: Player,
) -> None:
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    assert (job.pitch, x_of(job), job.is_crop) == (60, 0.5, True)
    assert player.jobs() == []


def test_a_crop_lies_where_the_held_note_will_be_when_it_comes(player: Player) -> None:
    voice = player.held[0]
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    assert job.heard is not None
    assert 0.5 * RATE < job.heard.moment < 0.6 * RATE
    assert (job.heard.slot, job.heard.start, job.heard.stop) == (voice.slot, 0, voice.n_frames)
    assert job.heard.crest == CREST
    assert job.heard.later == 0


def test_a_bent_note_runs_on_at_its_own_pace(player: Player) -> None:
    player.held[0] = type(player.held[0])(**{**as_dict(player.held[0]), "pace": 2.0})
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    assert job.heard is not None
    assert job.heard.moment == pytest.approx((0.5 + 2 * 0.04) * RATE)


def as_dict(voice: HeldVoice) -> dict[str, object]:
    return {name: getattr(voice, name) for name in voice.__struct_fields__}


def test_what_wanders_gets_the_level_at_which_it_began_to(player: Player) -> None:
    changes = {"elapsed": 9.0 * RATE, "shift": 70000}
    player.held[0] = type(player.held[0])(**{**as_dict(player.held[0]), **changes})
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    assert job.heard is not None
    assert job.heard.at == pytest.approx(TAKE_OVER_SECONDS * RATE)
    assert job.heard.later == round(job.heard.moment - TAKE_OVER_SECONDS * RATE)
    assert job.heard.start == N_FRAMES


def test_the_whole_note_follows_when_the_crop_has_been_played_for_a_while(player: Player) -> None:
    player.cache.want(place(0.5))
    for job in player.jobs():
        player.render(job)
    player.take_up(60)
    assert player.jobs() == []
    player.now += 1.1 * SETTLE_SECONDS
    (job,) = player.jobs()
    assert job.heard is not None
    assert job.heard.is_whole
    assert not job.is_urgent
    crop = player.held[0]
    assert (job.heard.slot, job.heard.start, job.heard.stop) == (
        crop.slot,
        crop.first_frame,
        crop.n_frames,
    )


def test_what_goes_on_with_the_whole_note_needs_no_more(player: Player) -> None:
    player.cache.want(place(0.5))
    for _ in range(2):
        for job in player.jobs():
            player.render(job)
        player.take_up(60)
        player.now += 1.1 * SETTLE_SECONDS
    player.rest()
    assert player.held[0].first_frame == 0
    assert player.cache.n_fresh == player.cache.n_notes


def test_a_moving_hand_gets_crop_after_crop(player: Player) -> None:
    for step in range(1, 8):
        player.cache.want(place(0.25 + step / 64))
        (job,) = player.jobs()
        assert job.is_crop
        player.render(job)
        player.take_up(60)
        player.now += 0.033


def test_only_one_crop_of_a_key_is_made_at_a_time(player: Player) -> None:
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    player.cache.want(place(0.75))
    assert player.jobs() == []
    player.render(job)
    (job,) = player.jobs()
    assert x_of(job) == 0.75


def test_a_crop_that_a_cross_fade_keeps_waiting_is_not_made_again(player: Player) -> None:
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    player.render(job)
    assert player.jobs() == []


def test_a_crop_that_came_too_late_is_made_again_further_on(player: Player) -> None:
    player.cache.want(place(0.5))
    (job,) = player.jobs()
    player.render(job)
    player.held[0] = type(player.held[0])(**{**as_dict(player.held[0]), "moment": 2.0 * RATE})
    (again,) = player.jobs()
    assert again.is_crop
    assert again.heard is not None
    assert again.heard.moment > 2.0 * RATE


def test_the_keys_of_a_chord_take_turns(player: Player) -> None:
    player.hold(64)
    player.hold(67)
    seen = []
    for step in range(1, 7):
        player.cache.want(place(0.25 + step / 64))
        for job in player.jobs():
            seen.append(job.pitch)
            player.render(job)
            player.take_up(job.pitch)
    assert {pitch: seen.count(pitch) for pitch in set(seen)} == {60: 4, 64: 4, 67: 4}


def test_a_newer_crop_is_not_replaced_by_an_older_whole_note(player: Player) -> None:
    player.cache.want(place(0.5))
    for job in player.jobs():
        player.render(job)
    player.take_up(60)
    player.now += 1.1 * SETTLE_SECONDS
    (whole,) = player.jobs()
    player.cache.want(place(0.75))
    (crop,) = player.jobs()
    player.render(crop)
    player.render(whole)
    note = player.onward[60]
    assert note is not None
    assert note.slot == crop.slot


def test_what_is_heard_stays_in_its_slot_until_the_job_is_done(player: Player) -> None:
    heard = player.held[0].slot
    player.cache.want(place(0.5))
    player.jobs()
    player.held.clear()
    player.cache.key_up(60)
    for step in range(40):
        player.cache.want(place(step / 64))
        player.now += 1.0
        for job in player.jobs(50):
            assert job.slot != heard
            if not job.is_crop:
                player.render(job)


def test_nothing_is_kept_for_a_key_that_nobody_holds(player: Player) -> None:
    player.cache.want(place(0.5))
    for job in player.jobs():
        player.render(job)
    player.held.clear()
    player.cache.key_up(60)
    player.rest()
    assert player.onward[60] is None


def test_new_strikes_play_the_note_itself_and_held_ones_do_not_follow_it(player: Player) -> None:
    player.cache.want(place(0.5))
    player.rest()
    assert player.playing[60].first_frame == 0
    assert player.playing[60].timbre == timbre_of(place(0.5).cell)
    assert not player.playing[60].is_followed


def test_a_beginning_is_followed_by_its_whole_note() -> None:
    player = Player()
    player.cache.want(place(0.25))
    player.cache.key_down(60)
    beginning, whole = player.jobs(1)
    player.render(beginning)
    player.render(whole)
    assert player.playing[60].is_followed


def test_models_that_make_no_crops_are_followed_as_ever() -> None:
    player = Player(goes_on=False)
    player.cache.want(place(0.25))
    player.rest()
    player.hold(60)
    player.cache.want(place(0.5))
    assert not any(job.heard for job in player.jobs())
    player.rest()
    assert player.playing[60].is_followed


def test_a_failing_crop_is_given_up_in_the_end(player: Player) -> None:
    player.cache.want(place(0.5))
    n = 0
    while jobs := [job for job in player.jobs() if job.is_crop]:
        n += len(jobs)
        for job in jobs:
            player.cache.render_failed(job.job)
    assert n == 3


def test_a_dead_renderer_loses_no_slot(player: Player) -> None:
    before = player.cache.n_slots_held
    player.cache.want(place(0.5))
    player.jobs()
    player.cache.renderer_died()
    assert player.cache.n_slots_held == before
    player.cache.set_ready(MODEL, goes_on=True)
    assert [job.is_crop for job in player.jobs()] == [True]


def test_what_a_former_model_has_made_says_nothing_of_how_high_notes_peak(player: Player) -> None:
    player.cache.set_ready(None)
    player.cache.set_ready("another model's hash", goes_on=True)
    player.cache.want(make_target("another model's hash", CORNERS, 0.5, 0.5))
    job = next(job for job in player.jobs() if job.heard)
    assert job.heard is not None
    assert job.heard.crest == 0.0


def test_a_finger_that_slides_on_asks_for_crops_once_its_note_has_one_to_go_on_from(
    player: Player,
) -> None:
    channel = OWN_LAYER + 1

    def slide(x: float) -> None:
        player.cache.want(place(0.25), slid={channel: (60, place(x))})

    slide(0.5)
    (first,) = player.jobs()
    assert (first.heard, first.pitch) == (None, 60)
    player.render(first)
    player.held = []
    player.hold(60, layer=channel, timbre=timbre_of(place(0.5).cell), slot=first.slot)
    slide(0.6)
    (crop,) = player.jobs()
    assert crop.is_crop
    assert crop.weights == place(0.6).weights
