"""Random numbers that depend on a place in a run alone, so that a resumed run draws the same."""

import numpy as np
import torch

CPU = torch.device("cpu")


def step_random(
    seed: int, rank: int, examples_seen: int, stream: int = 0, device: torch.device = CPU
) -> torch.Generator:
    """Give the source of random numbers of one worker's step.

    Args:
        seed: The run's.
        rank: The worker's number.
        examples_seen: By all workers, before the step.
        stream: Tells apart the uses within a step.
        device: Where the numbers are drawn: on the CPU they are the same for every device.
    """
    state = np.random.SeedSequence([seed, rank, examples_seen, stream]).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(state[0] >> np.uint64(1)))
