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


class RenderedNotes:
    """A `NoteSource` from the renderer process, which works ahead while the engine plays.

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
            self._n_jobs += 1
            job = RenderNote(
                job=self._n_jobs,
                model=cue.target.model,
                latents=cue.target.latents,
                weights=cue.target.weights,
                pitch=cue.pitch,
                slot=slot,
                sample_rate=self._sample_rate,
                shade=cue.target.shade,
                leaning=cue.target.leaning,
            )
            self._jobs[job.job] = (cue.key, job)
            coming.add(cue.key)
            self._renderer.submit(job)  # where the process has died, its successor gets it

    def _find_slot(self, slots_in_use: set[int], place: int) -> int | None:
        """Give a slot for a note that is needed at `place`, or None while all are needed sooner."""
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
            case ModelLoaded():  # after a restart: the jobs of the one that died, once more
                for _, job in self._jobs.values():
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
