"""Batches of fixed sizes through CUDA graphs: what a size launches is recorded, then replayed.

A small batch is hundreds of short kernels, and starting them one by one takes longer than they do.
"""

import logging
import threading
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Replay = Callable[[Tensor, Tensor], Tensor]
Capture = Callable[[Replay, Tensor, Tensor], Replay]

N_WARM_UPS = 2  # before recording: libraries choose their kernels and take their memory

_log = logging.getLogger(__name__)


class FixedBatches:
    """Calls a function of a batch in batches of a few sizes only, each through a graph of its own.

    Graphs are recorded when a size is first asked for. Where that fails, the function is called
    as it is from then on, and the log says so once. Calls may come from several threads; they
    wait for each other.
    """

    def __init__(
        self,
        function: Callable[[Tensor, Tensor, int], Tensor],
        sizes: Sequence[int],
        capture: Capture | None,
    ) -> None:
        """Record nothing yet.

        Args:
            function: Takes two tensors [batch, ...] and a number that is the same for all; gives
                [batch, ...]. A row of its result depends on the same row of its arguments only.
            sizes: Of the batches, rising. A smaller batch is filled up, a larger one is divided.
            capture: Records; None calls the function as it is, with batches as they come.
        """
        self._function = function
        self._sizes = tuple(sizes)
        self._capture = capture
        self._replays: dict[tuple[int, int], Replay] = {}
        self._lock = threading.Lock()

    def __call__(self, x: Tensor, y: Tensor, number: int) -> Tensor:
        """Give what the function gives for all rows of `x` and `y`."""
        most = self._sizes[-1]
        with self._lock:
            parts = [
                self._run(some, others, number)
                for some, others in zip(torch.split(x, most), torch.split(y, most), strict=True)
            ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _run(self, x: Tensor, y: Tensor, number: int) -> Tensor:
        if self._capture is None:
            return self._function(x, y, number)
        size = next(size for size in self._sizes if size >= len(x))
        full_x, full_y = _filled(x, size), _filled(y, size)
        replay = self._replay(self._capture, full_x, full_y, number)
        if replay is None:
            return self._function(x, y, number)
        return replay(full_x, full_y)[: len(x)]

    def _replay(self, capture: Capture, x: Tensor, y: Tensor, number: int) -> Replay | None:
        """Give the graph of a size, recorded now if there is none yet; None: it can't be."""
        key = len(x), number
        if key not in self._replays:
            try:
                self._replays[key] = capture(lambda a, b: self._function(a, b, number), x, y)
            except RuntimeError as error:
                line = str(error).strip().splitlines()[0] if str(error).strip() else "no reason"
                _log.warning("Rendering without CUDA graphs, a little slower: %s", line)
                self._capture = None
                self._replays.clear()
                return None
        return self._replays[key]


def _filled(x: Tensor, size: int) -> Tensor:
    """Repeat the last row until there are `size`."""
    missing = size - len(x)
    return x if not missing else torch.cat([x, x[-1:].expand(missing, *x.shape[1:])])


class CUDAGraphs:
    """Records graphs that share their memory: they are never replayed at the same time."""

    def __init__(self, device: torch.device) -> None:
        """Record on this device, which need not be the one that torch takes by itself."""
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, function: Replay, x: Tensor, y: Tensor) -> Replay:
        """Record what a function does with inputs of these shapes.

        Raises:
            RuntimeError: If it does what can't be recorded, or there is no memory.
        """
        with torch.cuda.device(self._device):
            return self._record(function, x.clone(), y.clone())

    def _record(self, function: Replay, x: Tensor, y: Tensor) -> Replay:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(N_WARM_UPS):
                function(x, y)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Another thread may take memory meanwhile, for notes that are not part of the graph.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            out = function(x, y)

        def replay(new_x: Tensor, new_y: Tensor) -> Tensor:
            with torch.cuda.device(self._device):
                x.copy_(new_x)
                y.copy_(new_y)
                graph.replay()
                return out.clone()

        return replay
