"""Notes for a performance that is known beforehand: each is ready when it is asked for."""

import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, TypeVar

import msgspec
import numpy as np

from instrument.engine.pool import NoteInfo, NotePool
from instrument.values.status import ModelInfo, Timbre

from .note_finish import SLOT_SECONDS
from .renderer_client import RendererError, RendererProcess
from .renderer_protocol import (
    Answer,
    DeviceLost,
    Drawn,
    Heard,
    ModelFailed,
    ModelLoaded,
    NoRenderer,
    NoteRendered,
    RenderFailed,
    RenderNote,
)
from .target import Target

MAXIMUM_SLOTS = 128  # twice as many as there are voices: each may be between two notes
N_RECENT = 32  # notes given out last: the engine may not have read of them yet
WAIT_SECONDS = 120.0

_Wanted = TypeVar("_Wanted", bound=Answer)


class Cue(msgspec.Struct, frozen=True):
    """A note that a performance needs: a pitch of the model in a timbre, for one layer."""

    pitch: int
    target: Target
    layer: int = 0

    @property
    def key(self) -> tuple[str, int]:
        """What makes two cues the same note."""
        return self.target.cell, self.pitch


class NoteSource(Protocol):
    """Gives the notes of a list of cues, one after the other."""

    pool: NotePool

    def expect(self, cues: Sequence[Cue]) -> None:
        """Say beforehand which notes will be asked for, in order."""
        ...

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        """Wait for the note of the next cue; slots that a voice reads are left alone."""
        ...


class OnwardSource(Protocol):
    """Makes notes that held ones go on with, while the performance plays on."""

    def begin_onward(
        self, target: Target, pitch: int, heard: Heard, slots_in_use: set[int]
    ) -> int | None:
        """Ask for one; gives the job's number, or None where there is no room now."""
        ...

    def end_onward(self, job: int) -> NoteInfo:
        """Wait for what a job makes."""
        ...

    def let_go(self, slot: int) -> None:
        """Say that a note of `end_onward` is not offered any more; a voice may still read it."""
        ...

    def crest(self, slot: int) -> float:
        """Give `NoteInfo.crest` of the note in a slot."""
        ...


class RenderedNotes:
    """A `NoteSource` from the renderer process, which works ahead while the engine plays.

    It is an `OnwardSource` as well, where the model can make notes go on from others.

    A slot of the pool is written again when its note is not needed any more, or, when there is
    no such slot, the one whose note is needed last.
    """

    def __init__(
        self,
        model_path: str,
        sample_rate: float,
        n_slots: int = MAXIMUM_SLOTS,
        device: str = "auto",
    ) -> None:
        """Start the renderer and open the model.

        Args:
            model_path: The model's folder.
            sample_rate: That the notes shall have, in Hz.
            n_slots: How many notes to keep.
            device: That renders; see `RendererProcess`.

        Raises:
            RendererError: If the model can't be opened or the renderer does not start.
            PoolError: If there is no room for the notes.
        """
        self._sample_rate = sample_rate
        self._cues: deque[Cue] = deque()  # not yet asked for
        self._places: dict[tuple[str, int], deque[int]] = defaultdict(deque)  # key -> its cues
        self._n_asked = 0
        self._held: dict[tuple[str, int], NoteInfo] = {}
        self._jobs: dict[int, tuple[tuple[str, int], RenderNote]] = {}
        self._onward_jobs: dict[int, RenderNote] = {}
        self._onward_made: dict[int, NoteInfo] = {}
        self._let_go: list[int] = []  # slots of such, which voices may still read
        self._crests: dict[int, float] = {}  # by slot
        self._recent: deque[tuple[str, int]] = deque(maxlen=N_RECENT)
        self._n_jobs = 0
        self._news = threading.Event()

        shape = (n_slots + 1, round(SLOT_SECONDS * sample_rate))
        self.pool = NotePool(*shape)
        self._free = list(range(n_slots, 0, -1))
        self._renderer = RendererProcess(
            self.pool.name, shape, wake=self._news.set, niceness=0, device=device
        )
        try:
            self._renderer.start()
            self._renderer.load_model(model_path)
            loaded = self._answer_of(ModelLoaded)
        except BaseException:
            self.close()
            raise
        self.model: ModelInfo = loaded.model
        self.timbres: tuple[Timbre, ...] = loaded.timbres
        self._n_parallel = loaded.n_jobs
        self.onward: OnwardSource | None = self if loaded.goes_on else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the renderer and give the pool's memory back; the engine must be gone."""
        self._renderer.close()
        self.pool.close()

    def draw(self, seed: int) -> tuple[float, ...]:
        """Draw a latent the way the model's notes are drawn: float [latent]."""
        self._renderer.draw(seed, seed)
        drawn = self._answer_of(Drawn)
        return tuple(float(value) for value in np.frombuffer(drawn.z, "<f4"))

    def expect(self, cues: Sequence[Cue]) -> None:
        """Say beforehand which notes will be asked for, in order."""
        self._cues = deque(cues)
        self._places.clear()
        self._n_asked = 0
        for place, cue in enumerate(cues):
            self._places[cue.key].append(place)

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        """Wait for the note of the next cue.

        Raises:
            RendererError: If it can't be made.
        """
        cue = self._cues[0]
        self._submit(slots_in_use)
        while cue.key not in self._held:
            if not self._jobs:
                raise RendererError("More notes sound at once than there is room for.")
            for answer in self._wait():
                self._take(answer)
            self._submit(slots_in_use)
        self._cues.popleft()
        self._n_asked += 1
        self._places[cue.key].popleft()
        self._recent.append(cue.key)
        self._submit(slots_in_use)
        return self._held[cue.key]

    def _submit(self, slots_in_use: set[int]) -> None:
        """Keep the renderer busy with what is needed next."""
        coming = {key for key, _ in self._jobs.values()} | self._held.keys()
        for ahead, cue in enumerate(self._cues):
            if len(self._jobs) >= self._n_parallel:
                return
            if cue.key in coming:
                continue
            slot = self._find_slot(slots_in_use, self._n_asked + ahead)
            if slot is None:
                return
            job = self._job(cue.target, cue.pitch, slot)
            self._jobs[job.job] = (cue.key, job)
            coming.add(cue.key)
            self._renderer.submit(job)  # where the process has died, its successor gets it

    def _job(self, target: Target, pitch: int, slot: int, heard: Heard | None = None) -> RenderNote:
        self._n_jobs += 1
        return RenderNote(
            job=self._n_jobs,
            model=target.model,
            latents=target.latents,
            weights=target.weights,
            pitch=pitch,
            slot=slot,
            sample_rate=self._sample_rate,
            shade=target.shade,
            heard=heard,
            leaning=target.leaning,
            has_time=True,
        )

    def begin_onward(
        self, target: Target, pitch: int, heard: Heard, slots_in_use: set[int]
    ) -> int | None:
        """Ask for a note that a held one goes on with.

        Returns:
            The job's number; None where there is no room, once all that is being made is there.

        Raises:
            RendererError: If the renderer fails meanwhile.
        """
        slots_in_use = slots_in_use | {heard.slot}
        while (slot := self._find_slot(slots_in_use, self._n_asked)) is None:
            if not self._jobs:
                return None
            for answer in self._wait():
                self._take(answer)
        job = self._job(target, pitch, slot, heard)
        self._onward_jobs[job.job] = job
        self._renderer.submit(job)
        return job.job

    def end_onward(self, job: int) -> NoteInfo:
        """Wait for what a job makes.

        Raises:
            RendererError: If it can't be made.
        """
        while job not in self._onward_made:
            for answer in self._wait():
                self._take(answer)
        return self._onward_made.pop(job)

    def let_go(self, slot: int) -> None:
        """Say that a note of `end_onward` is not offered any more; a voice may still read it."""
        self._let_go.append(slot)

    def crest(self, slot: int) -> float:
        """Give `NoteInfo.crest` of the note in a slot."""
        return self._crests.get(slot, 0.0)

    def _find_slot(self, slots_in_use: set[int], place: int) -> int | None:
        """Give a slot for a note that is needed at `place`, or None while all are needed sooner."""
        heard = {job.heard.slot for job in self._onward_jobs.values() if job.heard is not None}
        slots_in_use = slots_in_use | heard
        for left in self._let_go:
            if left not in slots_in_use:
                self._let_go.remove(left)
                return left
        if self._free:
            return self._free.pop()
        idle = {
            key: self._places[key][0] if self._places[key] else len(self._cues) + self._n_asked
            for key, note in self._held.items()
            if key not in self._recent and note.slot not in slots_in_use
        }
        last = max(idle, key=lambda key: idle[key], default=None)
        if last is None or idle[last] <= place:
            return None
        return self._held.pop(last).slot

    def _take(self, answer: Answer) -> None:
        match answer:
            case NoteRendered(job=number, note=note) if number in self._jobs:
                key, _ = self._jobs.pop(number)
                self._held[key] = note
                self._crests[note.slot] = note.crest
            case NoteRendered(job=number, note=note) if number in self._onward_jobs:
                del self._onward_jobs[number]
                self._onward_made[number] = note
                self._crests[note.slot] = note.crest
            case ModelLoaded():  # after a restart: the jobs of the one that died, once more
                for job in (*(job for _, job in self._jobs.values()), *self._onward_jobs.values()):
                    self._renderer.submit(job)
            case DeviceLost(n_jobs=n_jobs):
                self._n_parallel = n_jobs
            case RenderFailed(text=text) | ModelFailed(text=text) | NoRenderer(text=text):
                raise RendererError(text)
            case _:
                pass

    def _wait(self) -> list[Answer]:
        """Wait for answers; a renderer that died is started again.

        Raises:
            RendererError: If it stays silent, or died too often.
        """
        while True:
            self._news.clear()
            answers = self._renderer.poll()
            if answers:
                return answers
            if not self._renderer.alive:
                if not self._renderer.restart():
                    raise RendererError(
                        "The renderer keeps stopping. Close other programs, in case memory ran out."
                    )
            elif not self._news.wait(WAIT_SECONDS):
                raise RendererError(f"The renderer has said nothing for {WAIT_SECONDS:.0f} s.")

    def _answer_of(self, kind: type[_Wanted]) -> _Wanted:
        while True:
            for answer in self._wait():
                if isinstance(answer, kind):
                    return answer
                self._take(answer)
