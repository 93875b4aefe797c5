"""What a step of training costs at least: its multiplications and the memory that it must touch.

Counted while a step runs: every convolution and matrix product, forwards, backwards and twice
backwards, reads its inputs and writes its outputs once; what is activated is read and written
once more on the way there, and three tensors of its size go through memory on the way back.
All else, fused or not, is taken to be free.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from model.roofline import DevicePeak

_ACTIVATED, _ACTIVATED_BACK = 2, 3  # passes over a tensor between two convolutions
_aten = torch.ops.aten


@dataclass(frozen=True)
class Operation:
    """One convolution or matrix product, its gradients taken together.

    Attributes:
        flops: Two for each multiplication.
        n_bytes: Of images that it touches: more of them with a larger batch.
        weight_bytes: Of weights: the same for any batch.
    """

    flops: int
    n_bytes: int
    weight_bytes: int

    def seconds(self, peak: DevicePeak, batch: float) -> float:
        """Give the least time that it takes, with so many times the images."""
        touched = batch * self.n_bytes + self.weight_bytes
        return max(batch * self.flops / peak.flops, touched / peak.bandwidth)


@dataclass
class StepCost:
    """The operations of a step, counted on a batch that may be smaller than the real one."""

    n_notes: int = 0
    operations: list[Operation] = field(default_factory=list)

    @property
    def flops_each(self) -> float:
        """Floating-point operations for a note."""
        return sum(operation.flops for operation in self.operations) / self.n_notes

    @property
    def bytes_each(self) -> float:
        """Bytes of images for a note."""
        return sum(operation.n_bytes for operation in self.operations) / self.n_notes

    def seconds_each(self, peak: DevicePeak, batch: int) -> float:
        """Give the least time for a note, in a batch of this size."""
        times = batch / self.n_notes
        return sum(o.seconds(peak, times) for o in self.operations) / batch


def count_step(step: Callable[[], int]) -> StepCost:
    """Run a step, which gives how many notes it saw, and count what it costs."""
    counter = _Counter()
    with counter:
        n_notes = step()
    return StepCost(n_notes, counter.operations)


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation that torch runs, those of the gradients, too."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[Operation] = []

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        packet = func.overloadpacket
        if packet in flop_registry:
            flops = int(flop_registry[packet](*args, **(kwargs or {}), out_val=out))
            if packet is _aten.convolution:
                self._add(flops, (args[0], out), (args[1],), _ACTIVATED * _bytes(out))
            elif packet is _aten.convolution_backward:
                gradient, x, weight = args[:3]
                # The gradients of image and weight are products of their own.
                images = (gradient, out[0], gradient, x)
                self._add(flops, images, (weight, out[1]), _ACTIVATED_BACK * _bytes(gradient))
            else:
                self._add(flops, (*args, out), (), 0)
        return out

    def _add(self, flops: int, images: Sequence[Any], weights: Sequence[Any], passes: int) -> None:
        touched = sum(map(_bytes, images)) + passes
        self.operations.append(Operation(flops, touched, sum(map(_bytes, weights))))


def _bytes(value: Any) -> int:
    return value.numel() * value.element_size() if isinstance(value, Tensor) else 0
