"""The training loop of the warm start, told straight through."""

import shutil
import time
from collections.abc import Callable
from typing import Any

import msgspec
import torch
import torch.distributed as dist
from torch import Tensor, nn

from model.generator import Generator
from model.latent import on_sphere
from model.layers import compile_layers
from model.warped import warped_frequencies

from .config import TrainConfig
from .dataset import TrainingSet
from .loss import blend_specgrams, downscale, specgram_losses
from .run import Run
from .schedule import batch_at, rate_at, stage_at

_LEVEL_WEIGHT = 0.05
_TICK_SECONDS = 5.0


class TrainingError(Exception):
    """Training cannot go on; the message says why and what to try."""


class Decoder(nn.Module):
    """A generator and one latent for every timbre of the training set."""

    def __init__(self, config: TrainConfig, n_timbres: int) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.generator = Generator(config.network, warped_frequencies(config.warped))
        self.latents = nn.Parameter(on_sphere(torch.randn(n_timbres, config.latent_size)))


class Progress(msgspec.Struct, frozen=True):
    """A line of `stats.jsonl`: where the run is and how it does."""

    examples_seen: int
    stage: int
    examples_per_second: float
    losses: dict[str, float]


def train_loop(
    config: TrainConfig,
    data: TrainingSet,
    run: Run,
    *,
    rank: int = 0,
    on_progress: Callable[[Progress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train until the examples are seen or somebody wants it to stop; checkpoints as it goes.

    With several workers each calls this in its own process, with `torch.distributed` set up;
    their gradients are averaged, so that they stay equal.

    Args:
        config: The run's settings.
        data: What to learn.
        run: Where checkpoints and statistics go; an earlier checkpoint is resumed.
        rank: This worker's number; worker 0 writes.
        on_progress: Called by worker 0 every few seconds.
        should_stop: Asked by worker 0 after each step.

    Raises:
        TrainingError: If a loss is not a number.
    """
    # Make the decoder, its running mean and the optimiser; continue where a checkpoint ends.
    decoder = Decoder(config, len(data.timbres))
    mean = Decoder(config, len(data.timbres)).requires_grad_(False)
    mean.load_state_dict(decoder.state_dict())
    optimiser = torch.optim.Adam(
        [
            {"params": list(decoder.generator.parameters()), "gain": 1.0},
            {"params": [decoder.latents], "gain": config.latent_rate},
        ],
        betas=(0.9, 0.99),
    )
    seen = run.resume(decoder, mean, optimiser)
    decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.compiled and shutil.which("c++") is not None:
        compile_layers()
    notes = _Notes(data, config)

    seen_at_tick, tick, saved = seen, time.monotonic(), time.monotonic()
    while seen < config.examples:
        # Draw a batch; its random numbers depend on the place in the run alone.
        stage = stage_at(config, seen)
        size = batch_at(config, stage) // config.workers
        random = torch.Generator().manual_seed(hash((config.seed, rank, seen)) % 2**63)
        batch = notes.draw(size, stage, random)

        # One step of Adam on the mean of all workers' gradients.
        losses = _losses(decoder, batch, stage, config, random)
        total = losses["magnitude"] + config.ifreq_weight * losses["ifreq"]
        total = total + _LEVEL_WEIGHT * losses["level"]
        optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        _average_gradients(decoder, config.workers)
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * group["gain"] * rate_at(config, seen)
        optimiser.step()
        _move_mean(mean, decoder, config.ema)
        seen += size * config.workers

        # Upkeep: statistics every few seconds, a checkpoint every few minutes.
        values = {name: float(loss.detach()) for name, loss in losses.items()}
        _check_finite(values, seen)
        now = time.monotonic()
        stop, due = _agree(should_stop(), now - saved > config.checkpoint_seconds, config.workers)
        if rank == 0 and (now - tick > _TICK_SECONDS or seen >= config.examples):
            rate = (seen - seen_at_tick) / (now - tick)
            progress = Progress(seen, stage, rate, values)
            run.log(progress)
            on_progress(progress)
            seen_at_tick, tick = seen, now
        if due or stop or seen >= config.examples:
            if rank == 0:
                run.save(decoder, mean, optimiser, seen)
            saved = now
        if stop:
            return


class _Notes:
    """Draws batches of notes, some of them blends of two timbres at one pitch."""

    def __init__(self, data: TrainingSet, config: TrainConfig) -> None:
        self.data = data
        self.config = config
        self.db_per_unit = -config.warped.floor_db / 1.6
        self.trained = torch.nonzero(~data.held_out)[:, 0]
        pitches = data.pitch[self.trained]
        self.of_pitch = {p: self.trained[pitches == p] for p in set(pitches.tolist())}

    def draw(self, size: int, stage: int, random: torch.Generator) -> dict[str, Tensor]:
        """Give "pitch", "first" and "second" timbres, blend "t", "specgram" and "level"."""
        first = self.trained[torch.randint(len(self.trained), (size,), generator=random)]
        pitch = self.data.pitch[first]
        second = torch.stack([self._same_pitch(int(p), random) for p in pitch])
        mixed = torch.rand(size, generator=random) < self.config.mixup
        t = torch.where(mixed, torch.rand(size, generator=random), torch.zeros(size))
        factor = 2 ** (len(self.config.network.channels) - stage)
        specgram = self.data.read(first)
        if bool(mixed.any()):
            other = self.data.read(second[mixed])
            specgram[mixed] = blend_specgrams(specgram[mixed], other, t[mixed], self.db_per_unit)
        level = (1 - t) * self.data.level_db[first] + t * self.data.level_db[second]
        return {
            "pitch": pitch,
            "first": self.data.timbre[first],
            "second": self.data.timbre[second],
            "t": t,
            "specgram": downscale(specgram, factor, self.db_per_unit),
            "level": level,
        }

    def _same_pitch(self, pitch: int, random: torch.Generator) -> Tensor:
        notes = self.of_pitch[pitch]
        return notes[torch.randint(len(notes), (), generator=random)]


def _losses(
    decoder: Decoder,
    batch: dict[str, Tensor],
    stage: int,
    config: TrainConfig,
    random: torch.Generator,
) -> dict[str, Tensor]:
    first = on_sphere(decoder.latents[batch["first"]])
    second = on_sphere(decoder.latents[batch["second"]])
    t = batch["t"][:, None]
    z = on_sphere((1 - t).sqrt() * first + t.sqrt() * second)
    noise = torch.randn(z.shape, generator=random)
    noisy = on_sphere(z + config.latent_noise * noise)
    with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bfloat16"):
        generated = decoder.generator(noisy, batch["pitch"], stage)
    db_per_unit = -config.warped.floor_db / 1.6
    losses = specgram_losses(generated.float(), batch["specgram"], db_per_unit)
    head = decoder.generator.level
    assert head is not None, "a warm start has a level head"
    level = head(decoder.generator.inputs(noisy, batch["pitch"]))
    losses["level"] = (level - batch["level"] / 10).abs().mean()
    return losses


def _average_gradients(decoder: Decoder, workers: int) -> None:
    """Average gradients over the workers, all in one message."""
    if workers == 1:
        return
    parameters = list(decoder.parameters())
    flat = torch.cat(
        [(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in parameters]
    )
    dist.all_reduce(flat)
    flat /= workers
    start = 0
    for p in parameters:
        # Heads above the stage have no gradient on any worker, and Adam leaves them alone.
        if p.grad is not None:
            p.grad.copy_(flat[start : start + p.numel()].view_as(p))
        start += p.numel()


def _move_mean(mean: Decoder, decoder: Decoder, decay: float) -> None:
    with torch.no_grad():
        for slow, fast in zip(mean.parameters(), decoder.parameters(), strict=True):
            slow.lerp_(fast, 1 - decay)


def _agree(stop: bool, due: bool, workers: int) -> tuple[bool, bool]:
    """Let all workers do what worker 0 wants."""
    if workers == 1:
        return stop, due
    wish = torch.tensor([int(stop), int(due)])
    dist.broadcast(wish, 0)
    return bool(wish[0]), bool(wish[1])


def _check_finite(losses: dict[str, Any], seen: int) -> None:
    for name, value in losses.items():
        if not value < float("inf"):
            raise TrainingError(
                f"The loss {name} is not a number after {seen} notes. "
                "Resume from the last checkpoint with half the --learning-rate."
            )
