"""The training loop, the same for every recipe: step after step until the notes are seen."""

from torch import Tensor

from train.recipes.distributed import n_workers
from train.recipes.errors import TrainingError
from train.recipes.trainer import Trainer

from .group import agree, lost_worker
from .memory import is_out_of_memory
from .upkeep import Upkeep


class OutOfMemoryError(TrainingError):
    """A step did not fit into memory.

    Attributes:
        examples_seen: Before that step.
    """

    def __init__(self, examples_seen: int) -> None:
        super().__init__("Memory ran out.")
        self.examples_seen = examples_seen


def train_loop(trainer: Trainer, examples_seen: int, n_examples: int, upkeep: Upkeep | None) -> int:
    """Train until the examples are seen or somebody wants it to stop.

    With several workers each calls this in its own process; all stop after the same step.

    Args:
        trainer: What learns, at the place where the run goes on.
        examples_seen: That place.
        n_examples: The run's end.
        upkeep: Worker 0's; None on the others.

    Returns:
        The examples seen.

    Raises:
        TrainingError: If training can't go on.
        DatasetError: If the disk is full.
    """
    while examples_seen < n_examples:
        n_notes, losses = _step(trainer, examples_seen)
        examples_seen += n_notes
        stop = False
        if upkeep is not None:
            try:
                stop = upkeep.after_step(n_notes, losses)
            except Exception:
                agree(True)  # so that the others don't wait for the next step
                raise
        if agree(stop):
            break
    return examples_seen


def _step(trainer: Trainer, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
    try:
        return trainer.step(examples_seen)
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(examples_seen) from error
        if n_workers() > 1 and "peer" in str(error).lower():
            raise lost_worker(RuntimeError(str(error))) from error
        raise
