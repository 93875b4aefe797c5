"""The note cache: what is rendered next, what is in which slot of the pool, what is let go.

Policy only: it knows no torch, no process and no engine, and its clock is an argument. One thread
uses it: the host's policy thread.

How the host drives it:

    cache.want(target)                      # preset, corner or pad moved
    cache.key_down(60, sounding=True)       # and key_up
    for job in cache.next_jobs(n_free, engine.slots_in_use()): renderer.submit(job)
    cache.note_rendered(answer.job, answer.note)      # render_failed, note_dropped
    cache.publish_to(engine.publish)        # after each of the above
"""

from collections.abc import Callable, Mapping, Sequence, Set

import msgspec

from .pool import NoteInfo
from .renderer_protocol import RenderNote

GRID = 64


class Target(msgspec.Struct, frozen=True):
    """A place on a pad: what every key should sound like.

    Attributes:
        model: Hash of the model.
        latents: float32 little-endian [4, latent] (the corners) or [1, latent].
        x: The cell's place on the pad, 0..1, a multiple of 1 / GRID.
        y: As `x`.
        cell: Identity of the timbre: equal cells make equal notes.
    """

    model: str
    latents: bytes
    x: float
    y: float
    cell: str


def make_target(
    model: str, latents: Sequence[Sequence[float]], pad_x: float, pad_y: float
) -> Target:
    """Find the cell that a finger on the pad is in.

    Args:
        model: Hash of the model.
        latents: float [4, latent]: corners bottom left, bottom right, top left, top right; or
            [1, latent], and the pad says nothing.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.

    Raises:
        ValueError: If there are not one or four latents of one length.
    """
    raise NotImplementedError


class NoteCache:
    """Decides which note is made next and which slot of the pool it goes into."""

    def __init__(
        self,
        n_slots: int,
        sample_rate: float,
        *,
        clock: Callable[[], float],
        rest_seconds: float = 0.15,
        recent_seconds: float = 10.0,
    ) -> None:
        """Start with an empty pool.

        Args:
            n_slots: Of the pool, slot 0 (silence) included: the byte budget.
            sample_rate: Of the pool's notes, in Hz.
            clock: Gives the time in seconds: `time.monotonic`, or a test's own.
            rest_seconds: How long the pad must rest before keys that nobody plays are made.
            recent_seconds: How long a key counts as just played after it came up.
        """
        raise NotImplementedError

    def set_pitches(self, lowest: int, highest: int) -> None:
        """Say which pitches the model can make, both included."""
        raise NotImplementedError

    def want(self, target: Target) -> None:
        """Make `target` what every key should sound like."""
        raise NotImplementedError

    def key_down(self, note: int) -> None:
        """A key is played: its note is made first."""
        raise NotImplementedError

    def key_up(self, note: int) -> None:
        """A key is let go."""
        raise NotImplementedError

    def all_keys_up(self) -> None:
        """Every key is let go."""
        raise NotImplementedError

    def next_jobs(self, n: int, slots_in_use: Set[int]) -> list[RenderNote]:
        """Give up to `n` jobs, the most wanted first, and count them as in flight.

        Args:
            n: How many more the renderer should get now; jobs for keys that wait in silence may
                come on top of it, so that they never queue behind others (at most one a call).
            slots_in_use: Slots that a voice still reads.
        """
        raise NotImplementedError

    @property
    def n_in_flight(self) -> int:
        """Jobs given out and not yet answered."""
        raise NotImplementedError

    def note_rendered(self, job: int, note: NoteInfo) -> None:
        """A job is done: its note lies in its slot."""
        raise NotImplementedError

    def render_failed(self, job: int) -> None:
        """A job went wrong; it is tried once more, then left until the target changes."""
        raise NotImplementedError

    def note_dropped(self, job: int) -> None:
        """A job was not done, through no fault of its own."""
        raise NotImplementedError

    def renderer_died(self) -> None:
        """No job in flight will be answered: all are wanted again."""
        raise NotImplementedError

    def publish_to(self, publish: Callable[[int, NoteInfo | None], bool]) -> int:
        """Tell the engine which notes to play from now on; gives how many it took.

        Args:
            publish: `Engine.publish`; what it refuses is offered again at the next call.
        """
        raise NotImplementedError

    def republish(self) -> None:
        """Offer every published note again: for a new engine on the same pool."""
        raise NotImplementedError

    def forget_all(self, sample_rate: float) -> None:
        """Empty the pool, for another sample rate. Only while no engine reads it."""
        raise NotImplementedError

    def reserve(self, pitches: Sequence[int], slots_in_use: Set[int]) -> dict[int, int]:
        """Set slots aside for notes of the target that come from elsewhere (a baked keyboard).

        Returns:
            pitch -> slot, for those that are not there yet, as far as there is room.
        """
        raise NotImplementedError

    def adopt(self, notes: Mapping[int, NoteInfo]) -> None:
        """Take over notes (pitch -> note) that were written into reserved slots."""
        raise NotImplementedError

    def freshness(self) -> bytes:
        """Give one `Freshness` value for each of the 128 MIDI notes."""
        raise NotImplementedError

    def fresh_notes(self) -> dict[int, NoteInfo]:
        """Give the whole notes of the target that are there: pitch -> note."""
        raise NotImplementedError

    def published(self, pitch: int) -> NoteInfo | None:
        """Give the note that a key plays now."""
        raise NotImplementedError

    @property
    def n_fresh(self) -> int:
        """Pitches whose note is the target's."""
        raise NotImplementedError

    @property
    def n_notes(self) -> int:
        """Pitches that the model can make."""
        raise NotImplementedError

    @property
    def n_slots_held(self) -> int:
        """Slots that hold a note or wait for one."""
        raise NotImplementedError

    @property
    def rested_seconds(self) -> float:
        """How long the target has stayed the same."""
        raise NotImplementedError

    def wait_seconds(self) -> float | None:
        """Say when `next_jobs` should be asked again though nothing happened; None: no need."""
        raise NotImplementedError
