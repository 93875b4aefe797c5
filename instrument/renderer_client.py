"""The renderer process as the instrument sees it. Light: torch is loaded in the child only."""

from collections.abc import Callable

from .renderer_protocol import Answer, RenderNote


class RendererError(Exception):
    """The renderer can't be started; the message says what to do."""


class RendererProcess:
    """Starts the renderer, passes it jobs and hands out its answers.

    All methods return at once and may be called from any one thread; `wake` is called from a
    reader thread whenever `poll` has something new, also when the process has died.

    Attributes:
        n_deaths: How often the process has died unasked since it was first started.
    """

    def __init__(
        self,
        pool_name: str,
        pool_shape: tuple[int, int],
        *,
        wake: Callable[[], None] | None = None,
        n_threads: int | None = None,
        niceness: int = 10,
    ) -> None:
        """Remember how to start; nothing runs before `start`.

        Args:
            pool_name: Of the note pool's shared memory.
            pool_shape: [slot, frame] of the pool.
            wake: Called from another thread when `poll` has something to give.
            n_threads: How many notes are made side by side on a CPU; None: one a core, at most 4.
            niceness: How far the rendering steps back behind the sound, 0 to 19.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Start the process; returns before torch is loaded there."""
        raise NotImplementedError

    def load_model(self, path: str) -> None:
        """Ask for a model; kept and asked for again after a restart."""
        raise NotImplementedError

    def submit(self, job: RenderNote) -> bool:
        """Ask for a note; False when the process is not there to take it."""
        raise NotImplementedError

    def draw(self, request: int, seed: int) -> bool:
        """Ask for a latent; False when the process is not there to take it."""
        raise NotImplementedError

    def poll(self) -> list[Answer]:
        """Give the answers that came since the last call, oldest first."""
        raise NotImplementedError

    @property
    def alive(self) -> bool:
        """Whether the process runs and its pipe is whole."""
        raise NotImplementedError

    def restart(self) -> bool:
        """Start again after a death, with the same model; False when it died too often lately.

        Call it when `alive` is False, after `NoteCache.renderer_died()`.
        """
        raise NotImplementedError

    def close(self, timeout_seconds: float = 1.0) -> None:
        """Ask the process to stop, and stop it if it does not."""
        raise NotImplementedError
