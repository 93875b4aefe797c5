"""How fast a recipe trains on this machine, stage by stage, beside what the machine could do."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import torch

from model.roofline import DevicePeak, measure_peak
from train.datasets.dataset import TrainingSet, read_training_set
from train.datasets.synthetic_notes import write_synthetic_notes
from train.recipes.adversarial_config import AdversarialConfig
from train.recipes.config import AnyConfig, TimbrepadConfig
from train.recipes.recipes import make_trainer
from train.recipes.trainer import Trainer
from train.running.group import worker_device
from train.running.memory import divide_batches

from .step_cost import StepCost, count_step
from .train_figures import StageFigures, TrainFigures

_N_TIMBRES, _PITCHES = 8, range(40, 80, 5)
_N_PLACES = 400
_N_WARM = 3
_N_PROFILED = 16
_CPU_GEMM, _CPU_COPY = 1024, 1 << 28
_GPU_GEMM, _GPU_COPY = 8192, 1 << 30


def bench_train(
    config: AnyConfig,
    *,
    device: str = "auto",
    seconds: float = 10.0,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> TrainFigures:
    """Measure one worker of a recipe, on made-up notes.

    Args:
        config: The recipe; with as many workers as it likes, of which one is measured.
        device: "auto", "cpu" or "cuda".
        seconds: To measure each stage for; one step at least.
        progress: Called with (done, total, what).

    Raises:
        TrainingError: If there is no such device.
        DatasetError: If the temporary folder is full.
    """
    config = msgspec.structs.replace(config, workers=1)
    where = worker_device(device)
    threads = torch.get_num_threads()
    if where.type == "cpu":
        torch.set_num_threads(1)
    try:
        return _measure(config, where, seconds, progress)
    finally:
        torch.set_num_threads(threads)


def _measure(
    config: AnyConfig,
    device: torch.device,
    seconds: float,
    progress: Callable[[int, int, str], None],
) -> TrainFigures:
    is_gpu = device.type == "cuda"
    half = config.precision == "bfloat16"
    gemm, copied = (_GPU_GEMM, _GPU_COPY) if is_gpu else (_CPU_GEMM, _CPU_COPY)
    peak = measure_peak(device, "bf16" if half else "fp32", gemm, copied)
    with tempfile.TemporaryDirectory(prefix="timbrepad-bench-") as folder:
        data, notes_per_second = _prepare(config, Path(folder), progress)
        costs = _count_costs(config, data, device, progress)
        trainer = make_trainer(config, data, 0, device)
        stages = []
        for number, (place, cost) in enumerate(costs.items()):
            progress(number, len(costs), "measuring")
            stages.append(_measure_stage(config, trainer, place, cost, peak, seconds, device))
    return TrainFigures(
        device=torch.cuda.get_device_name(device) if is_gpu else "processor",
        recipe=config.recipe,
        width=config.width,
        precision=config.precision,
        threads=torch.get_num_threads(),
        gemm_gflops=round(peak.flops / 1e9, 1),
        copy_gb_per_second=round(peak.bandwidth / 1e9, 1),
        data_notes_per_second=round(notes_per_second, 1),
        stages=tuple(stages),
    )


def _prepare(
    config: AnyConfig, folder: Path, progress: Callable[[int, int, str], None]
) -> tuple[TrainingSet, float]:
    """Make a data set and its specgrams; the rate is that of the second part alone."""
    rate = config.transform.sample_rate
    n_notes = write_synthetic_notes(folder / "notes", rate, _N_TIMBRES, _PITCHES)
    start = time.perf_counter()
    data = read_training_set([folder / "notes"], config.transform, folder / "cache", progress)
    return data, n_notes / (time.perf_counter() - start)


def places(config: AnyConfig, trainer: Trainer) -> list[int]:
    """Give an example count in the middle of each part and stage of a run, in order."""
    grid = [number * config.examples // _N_PLACES for number in range(_N_PLACES)]
    groups: dict[tuple[str, int], list[int]] = {}
    for seen in grid:
        groups.setdefault((_part(config, seen), trainer.stage(seen)), []).append(seen)
    return [group[len(group) // 2] for group in groups.values()]


def _part(config: AnyConfig, seen: int) -> str:
    warm = config.recipe == "warm-start"
    if isinstance(config, TimbrepadConfig):
        warm = seen < config.warm_examples
    return "warm start" if warm else "critic"


def _count_costs(
    config: AnyConfig,
    data: TrainingSet,
    device: torch.device,
    progress: Callable[[int, int, str], None],
) -> dict[int, StepCost]:
    """Count the cost of a step at each place, on the smallest batch there can be."""
    small = msgspec.structs.replace(divide_batches(config, 1 << 20), compiled=False)
    trainer = make_trainer(small, data, 0, device)
    chosen = places(config, trainer)
    costs = {}
    for number, seen in enumerate(chosen):
        progress(number, len(chosen), "counting")
        costs[seen] = _count_cycle(trainer, seen, _cycle(config, seen))
    return costs


def _cycle(config: AnyConfig, seen: int) -> int:
    """Say after how many steps a recipe's dearest one comes again."""
    if not isinstance(config, TimbrepadConfig) or _part(config, seen) == "warm start":
        return 1
    part: AdversarialConfig = config.adversarial
    return part.penalty_every if part.loss == "logistic" else 1


def _count_cycle(trainer: Trainer, seen: int, cycle: int) -> StepCost:
    """Count a cycle, of which all steps but the first of each multiple cost the same."""
    n_notes, _ = trainer.step(seen)
    length = n_notes * cycle
    first = seen // length * length
    costs = [count_step(lambda at=at: trainer.step(at)[0]) for at in (first, first + n_notes)]  # type: ignore[misc]
    if cycle == 1:
        return costs[1]
    operations = costs[0].operations + costs[1].operations * (cycle - 1)
    return StepCost(length, operations)


def _measure_stage(
    config: AnyConfig,
    trainer: Trainer,
    seen: int,
    cost: StepCost,
    peak: DevicePeak,
    seconds: float,
    device: torch.device,
) -> StageFigures:
    place = seen
    for _ in range(_N_WARM):
        n_notes, _ = trainer.step(seen)
        seen += n_notes
    _wait_for(device)
    n_seen, start = 0, time.perf_counter()
    while not n_seen or time.perf_counter() - start < seconds:
        n_notes = trainer.step(seen)[0]
        seen, n_seen = seen + n_notes, n_seen + n_notes
    _wait_for(device)
    rate = n_seen / (time.perf_counter() - start)
    stage = trainer.stage(place)
    roofline = 1 / cost.seconds_each(peak, n_notes)
    return StageFigures(
        part=_part(config, place),
        stage=stage,
        size=config.network.stage_size(stage),
        batch=n_notes,
        notes_per_second=round(rate, 2),
        roofline_notes_per_second=round(roofline, 2),
        share_of_roofline=round(rate / roofline, 3),
        gflop_each=round(cost.flops_each / 1e9, 3),
        gb_each=round(cost.bytes_each / 1e9, 4),
        gpu_busy=_gpu_busy(trainer, seen, device) if device.type == "cuda" else None,
    )


def _gpu_busy(trainer: Trainer, seen: int, device: torch.device) -> float:
    """Measure the share of some steps in which the GPU computes."""
    from torch.profiler import ProfilerActivity, profile  # noqa: PLC0415  slow to load

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        for _ in range(_N_PROFILED):
            seen += trainer.step(seen)[0]
        _wait_for(device)
    ranges = [
        (event.time_range.start, event.time_range.end)
        for event in profiler.events() or ()
        if event.device_type.name == "CUDA" and not event.is_user_annotation
    ]
    return round(busy_share(ranges), 3)


def busy_share(ranges: Sequence[tuple[float, float]]) -> float:
    """Say what share of the time from the first beginning to the last end the ranges cover."""
    if not ranges:
        return 0.0
    ordered = sorted(ranges)
    begin, reached, covered = ordered[0][0], ordered[0][0], 0.0
    for start, end in ordered:
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered / max(reached - begin, 1e-12)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
