"""The smallest trainer there can be, and a run of it: as a script, killed by tests at will."""

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn

from train.datasets.identity import DataIdentity
from train.recipes.config import WarmStartConfig
from train.recipes.distributed import average_gradients, n_workers
from train.recipes.errors import TrainingError
from train.recipes.seeds import step_random
from train.recipes.tensors import (
    adam_tensors,
    check_all_taken,
    network_tensors,
    take_adam,
    take_network,
)
from train.running.checkpoints import Score
from train.running.group import Worker, helpers, joined
from train.running.loop import train_loop
from train.running.reading import Reading
from train.running.resuming import resume
from train.running.run import Run
from train.running.upkeep import Upkeep, Wishes

WISHES = Wishes()
SETTINGS = WarmStartConfig(examples=400, checkpoint_seconds=0.0, workers=1, batch=(2, 2, 2, 2))
SHORT = msgspec.structs.replace(SETTINGS, examples=240)
STAGE_END = 200


class ToyTrainer:
    """Learns four sums of eight numbers; twice as many at a time in the second half."""

    def __init__(self, rank: int = 0) -> None:
        self.rank = rank
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.network = nn.Linear(8, 4)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=0.01)

    def step(self, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
        random = step_random(0, self.rank, examples_seen)
        x = torch.randn(2 * self.stage(examples_seen), 8, generator=random)
        loss = (self.network(x) - x[:, :4] - x[:, 4:]).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        average_gradients(self.network.parameters())
        self.optimiser.step()
        return len(x) * n_workers(), {"error": loss.detach()}

    def stage(self, examples_seen: int) -> int:
        return 1 if examples_seen < STAGE_END else 2

    def state(self) -> dict[str, Tensor]:
        return {
            **network_tensors("mean", self.network),
            **adam_tensors("", self.network, self.optimiser),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        tensors = dict(state)
        take_network(tensors, "mean", self.network)
        take_adam(tensors, "", self.network, self.optimiser)
        check_all_taken(tensors)

    def decoder(self) -> nn.Module:
        return self.network


class ToyWatch:
    """Sees what it is told to see."""

    def __init__(self, offs: tuple[float, ...] = (1.0,), collapsed: bool = False) -> None:
        self.offs = iter(offs)
        self.off = 0.0
        self.collapsed = collapsed
        self.looks: list[int] = []

    def tick(self, progress: object) -> None:
        pass

    def look(self, trainer: ToyTrainer, examples_seen: int) -> Reading:
        self.looks.append(examples_seen)
        self.off = next(self.offs, self.off)
        return Reading({"off": self.off}, Score("off", self.off, trainer.stage(examples_seen)))


def start(folder: Path, settings: WarmStartConfig = SETTINGS) -> Run:
    run = Run(folder)
    run.check(settings)
    run.start(settings, DataIdentity(0, {}))
    return run


def upkeep(
    trainer: ToyTrainer,
    run: Run,
    seen: int = 0,
    wishes: Wishes = WISHES,
    watch: ToyWatch | None = None,
    settings: WarmStartConfig = SETTINGS,
) -> Upkeep:
    return Upkeep(trainer, run, settings, watch or ToyWatch(), wishes, seen)  # type: ignore[arg-type]


def train_toy(run: Run, rank: int = 0, wishes: Wishes = WISHES) -> int:
    """Train, or go on; give the examples seen."""
    trainer = ToyTrainer(rank)
    seen = resume(run, trainer, rank, lambda line: print(line, file=sys.stderr))
    keeper = upkeep(trainer, run, seen, wishes, settings=SHORT) if rank == 0 else None
    return train_loop(trainer, seen, SHORT.examples, keeper)


def final_state(folder: Path) -> dict[str, Tensor]:
    checkpoint = Run(folder).checkpoints.read_newest()
    assert checkpoint is not None
    assert checkpoint.examples_seen == SHORT.examples
    return checkpoint.state


def work(folder: str, rank: int, size: int, port: int) -> None:
    """Be one of the workers of a run."""
    torch.set_num_threads(1)
    run = start(Path(folder), SHORT) if rank == 0 else Run(Path(folder))
    try:
        with joined(Worker(rank, rank, size), torch.device("cpu"), port):
            train_toy(run, rank)
    except TrainingError as error:
        (run.folder / "error.txt").write_text(str(error))
        sys.exit(1)


def _help(rank: int, port: int, folder: str) -> None:
    work(folder, rank, 2, port)


def main(folder: str) -> None:
    """Train with two workers, one of them a helper."""
    with helpers(1, _help, (folder,)) as port:
        work(folder, 0, 2, port)


if __name__ == "__main__":
    main(*sys.argv[1:])
