"""Random numbers that depend on a place in a run alone, so that a resumed run draws the same."""

import numpy as np
import torch


def step_random(seed: int, rank: int, examples_seen: int, stream: int = 0) -> torch.Generator:
    """Give the source of random numbers of one worker's step.

    Args:
        seed: The run's.
        rank: The worker's number.
        examples_seen: By all workers, before the step.
        stream: Tells apart the uses within a step.

    Returns:
        On the CPU: a few numbers drawn there are the same on every device.
    """
    state = np.random.SeedSequence([seed, rank, examples_seen, stream]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))
