from collections import deque
from collections.abc import Callable, Iterator

import pytest

from instrument.engine.pool import NoteInfo
from instrument.notes import offline_notes
from instrument.notes.offline_notes import Cue, RenderedNotes
from instrument.notes.renderer_client import RendererError
from instrument.notes.renderer_protocol import (
    Answer,
    DeviceLost,
    Heard,
    ModelFailed,
    ModelLoaded,
    NoteRendered,
    RenderFailed,
    RenderNote,
)
from instrument.notes.target import make_target
from instrument.values.status import ModelInfo

MODEL = ModelInfo(name="pretend", hash="abc", path="", latent_size=1)


class PretendRenderer:
    """Answers each job at once; dies when it is told to, and fails a pitch that it is told."""

    dies_before = -1
    loses_gpu_before = -1
    fails_pitch = -1
    loads = True

    def __init__(
        self,
        _name: str,
        _shape: tuple[int, int],
        *,
        wake: Callable[[], None],
        niceness: int,
        device: str,
    ) -> None:
        self._answers: deque[Answer] = deque()
        self._wake = wake
        self.jobs: list[RenderNote] = []
        self.alive = True
        self.closed = False

    def start(self) -> None:
        self.alive = True

    def load_model(self, path: str) -> None:
        answer: Answer = ModelLoaded(MODEL, (), 2, "pretend")
        if not self.loads:
            answer = ModelFailed(path, f"{path} is no model.")
        self._say(answer)

    def submit(self, job: RenderNote) -> bool:
        if len(self.jobs) == self.dies_before:
            self.dies_before = -1
            self.alive = False
            self._wake()
        if not self.alive:
            return False
        if len(self.jobs) == self.loses_gpu_before:
            self._say(DeviceLost("Big GPU has stopped working.", 1, "CPU"))
        self.jobs.append(job)
        if job.pitch == self.fails_pitch:
            self._say(RenderFailed(job.job, "It can't be made."))
        else:
            self._say(NoteRendered(job.job, NoteInfo(job.slot, 1000 + job.pitch)))
        return True

    def poll(self) -> list[Answer]:
        answers = list(self._answers)
        self._answers.clear()
        return answers

    def restart(self) -> bool:
        self.start()
        self.load_model("")
        return True

    def close(self) -> None:
        self.closed = True

    def _say(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._wake()


@pytest.fixture
def renderer(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[PretendRenderer]]:
    class Renderer(PretendRenderer):
        pass

    monkeypatch.setattr(offline_notes, "RendererProcess", Renderer)
    return Renderer


def cue(pitch: int, timbre: float = 0.0) -> Cue:
    return Cue(pitch, make_target("abc", [[timbre]], 0.0, 0.0))


def jobs_of(notes: RenderedNotes) -> list[RenderNote]:
    made = notes._renderer
    assert isinstance(made, PretendRenderer)
    return made.jobs


def test_each_cue_gets_its_own_note_and_equal_ones_are_made_once(
    renderer: type[PretendRenderer],
) -> None:
    cues = [cue(60), cue(62), cue(60), cue(60, 1.0), cue(62)]
    with RenderedNotes("", 48000, 40) as notes:
        notes.expect(cues)
        assert [notes.next_note(set()).n_frames for _ in cues] == [1060, 1062, 1060, 1060, 1062]
        assert len(jobs_of(notes)) == 3


def test_with_few_slots_the_ones_that_are_needed_last_are_written_again(
    renderer: type[PretendRenderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline_notes, "N_RECENT", 1)
    cues = [cue(24 + number % 30) for number in range(90)]
    with RenderedNotes("", 48000, 5) as notes:
        notes.expect(cues)
        for wanted in cues:
            assert notes.next_note(set()).n_frames == 1000 + wanted.pitch


def test_a_slot_that_a_voice_reads_is_not_written(
    renderer: type[PretendRenderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline_notes, "N_RECENT", 1)
    cues = [cue(24 + number) for number in range(40)]
    with RenderedNotes("", 48000, 5) as notes:
        notes.expect(cues)
        held = notes.next_note(set()).slot
        slots = [notes.next_note({held}).slot for _ in cues[1:]]
        assert held not in slots


def test_when_every_slot_is_read_it_says_so_instead_of_waiting(
    renderer: type[PretendRenderer],
) -> None:
    with RenderedNotes("", 48000, 2) as notes:
        notes.expect([cue(60), cue(61), cue(62)])
        in_use = {notes.next_note(set()).slot, notes.next_note(set()).slot}
        with pytest.raises(RendererError, match="room"):
            notes.next_note(in_use)


def test_a_renderer_that_dies_is_started_again_with_its_jobs(
    renderer: type[PretendRenderer],
) -> None:
    renderer.dies_before = 3
    cues = [cue(pitch) for pitch in range(60, 70)]
    with RenderedNotes("", 48000, 40) as notes:
        notes.expect(cues)
        assert [notes.next_note(set()).n_frames for _ in cues] == list(range(1060, 1070))


def test_a_gpu_that_fails_leaves_its_notes_to_the_cpu(renderer: type[PretendRenderer]) -> None:
    renderer.loses_gpu_before = 3
    cues = [cue(pitch) for pitch in range(60, 70)]
    with RenderedNotes("", 48000, 40) as notes:
        notes.expect(cues)
        assert [notes.next_note(set()).n_frames for _ in cues] == list(range(1060, 1070))
        assert notes._n_parallel == 1


def test_a_note_that_can_not_be_made_is_said(renderer: type[PretendRenderer]) -> None:
    renderer.fails_pitch = 61
    with RenderedNotes("", 48000, 40) as notes:
        notes.expect([cue(60), cue(61)])
        with pytest.raises(RendererError, match="can't be made"):
            _ = [notes.next_note(set()) for _ in range(2)]


def test_a_model_that_can_not_be_opened_is_said(renderer: type[PretendRenderer]) -> None:
    renderer.loads = False
    with pytest.raises(RendererError, match="no model"):
        RenderedNotes("folder", 48000, 4)


def test_a_note_that_a_held_one_goes_on_with_is_made_from_what_is_heard_and_in_no_hurry(
    renderer: type[PretendRenderer],
) -> None:
    with RenderedNotes("", 48000, 5) as notes:
        heard = Heard(slot=3, moment=100.0)
        job = notes.begin_onward(cue(60).target, 60, heard, set())
        assert job is not None
        note = notes.end_onward(job)
        (asked,) = jobs_of(notes)
        assert (asked.heard, asked.slot, asked.is_urgent) == (heard, note.slot, False)
        assert note.slot != heard.slot


def test_what_is_let_go_makes_room_once_no_voice_reads_it(
    renderer: type[PretendRenderer],
) -> None:
    heard = Heard(slot=9, moment=100.0)
    with RenderedNotes("", 48000, 2) as notes:
        made = []
        for _ in range(2):
            job = notes.begin_onward(cue(60).target, 60, heard, set())
            assert job is not None
            made.append(notes.end_onward(job).slot)
        assert notes.begin_onward(cue(60).target, 60, heard, set(made)) is None
        notes.let_go(made[0])
        assert notes.begin_onward(cue(60).target, 60, heard, set(made)) is None
        job = notes.begin_onward(cue(60).target, 60, heard, {made[1]})
        assert job is not None
        assert notes.end_onward(job).slot == made[0]


def test_a_renderer_that_dies_makes_what_held_notes_wait_for_once_more(
    renderer: type[PretendRenderer],
) -> None:
    renderer.dies_before = 0
    with RenderedNotes("", 48000, 5) as notes:
        job = notes.begin_onward(cue(60).target, 60, Heard(slot=3, moment=0.0), set())
        assert job is not None
        assert notes.end_onward(job).n_frames == 1060
