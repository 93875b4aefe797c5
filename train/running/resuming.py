"""How a run goes on: its newest checkpoint, on every worker."""

from collections.abc import Callable

from train.datasets.notes import DatasetError
from train.recipes.distributed import n_workers
from train.recipes.trainer import Trainer

from .group import share_bytes, share_number
from .run import Run
from .state_file import decode_tensors, encode_tensors


def resume(run: Run, trainer: Trainer, rank: int, on_notice: Callable[[str], None]) -> int:
    """Load the newest checkpoint that is whole; worker 0 reads it for all.

    Args:
        run: The run; its statistics after that place are taken out.
        trainer: This worker's.
        rank: Its number.
        on_notice: Told, in a line, of each checkpoint that is damaged.

    Returns:
        The examples seen; 0 without a checkpoint.

    Raises:
        DatasetError: If there are only damaged ones, or it is of another recipe or network.
    """
    checkpoint = run.checkpoints.read_newest(on_notice) if rank == 0 else None
    seen = share_number(0 if checkpoint is None else checkpoint.examples_seen)
    if rank == 0:
        run.rewind(seen)
    if not seen:
        return 0
    state = {} if checkpoint is None else checkpoint.state
    if n_workers() > 1:
        state = decode_tensors(share_bytes(encode_tensors(state), rank))
    try:
        trainer.load(state)
    except ValueError as error:
        raise DatasetError(
            f"{run.checkpoints.folder} can't be resumed: {error}. Choose another --run folder."
        ) from error
    return seen
