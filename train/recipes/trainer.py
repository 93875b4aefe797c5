"""What every recipe is to the training loop: steps, and all of its state as named tensors."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor, nn


class Trainer(Protocol):
    """One worker's networks, optimisers and data, one step after another.

    The loop counts examples, checkpoints, stops and reports; a trainer only learns. With several
    workers each has a trainer of its own and `torch.distributed` is set up; `step` averages the
    gradients, so that all stay equal.
    """

    def step(self, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
        """Take one optimisation step; its random numbers depend on `examples_seen` alone.

        Args:
            examples_seen: By all workers, before this step.

        Returns:
            How many notes all workers saw in it, and the losses: detached scalars, unweighted,
            left on the device so that nobody waits for them.
        """
        ...

    def stage(self, examples_seen: int) -> int:
        """Say which resolution is learned: the generator's block, counted from 1."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Give all that a later run needs to go on exactly: weights, means, moments, counts."""
        ...

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave.

        Raises:
            ValueError: If a tensor is missing, superfluous or of another shape; it is named.
        """
        ...

    def decoder(self) -> nn.Module:
        """Give the running mean of the weights: a `Decoder` (generator and timbres' latents)."""
        ...


@runtime_checkable
class Judge(Protocol):
    """A trainer with a discriminator, whose opinion the monitors watch."""

    def judge(self, specgrams: Tensor, pitch: Tensor, examples_seen: int) -> tuple[Tensor, Tensor]:
        """Ask the discriminator about notes, without training and without augmentation.

        Args:
            specgrams: float32 [batch, 2, time, freq], at the resolution of the stage, on the
                trainer's device.
            pitch: int64 [batch], MIDI numbers.
            examples_seen: Says the stage, and how far it is blended in.

        Returns:
            Its scores [batch], above 0 for real; its logits of the pitches [batch, pitch].
        """
        ...
