"""Whether a run does well: how different its notes are, how near real ones, what its critic thinks.

Measured on a few dozen notes of the running mean of the weights every few minutes, with a
cheap fixed feature: mean and deviation of the specgram's magnitude in a coarse grid, in dB.
"""

from collections.abc import Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from model.latent import draw_gaussian, on_sphere
from train.datasets.dataset import TrainingSet
from train.datasets.sampling import spread
from train.recipes.config import TimbrepadConfig, TrainConfig
from train.recipes.decoder import Decoder
from train.recipes.loss import downscale
from train.recipes.trainer import Judge, Trainer

from .checkpoints import Score
from .reading import NEARNESS, Reading

N_PITCHES, N_EACH, N_HELD_OUT, N_TRAINED = 8, 8, 32, 16
_GRID = (16, 32)
_BATCH = 8
_FLOOR = -0.8


class Monitor:
    """Measures a run, always on the same notes."""

    def __init__(self, config: TrainConfig, data: TrainingSet, device: torch.device) -> None:
        """Choose the notes: pitches that many timbres have, and held-out notes of any pitch."""
        self._config = config
        # Before that a critic has learned nothing.
        self._warm_examples = config.warm_examples if isinstance(config, TimbrepadConfig) else 0
        self._data = data
        self._device = device
        self._same_pitch = _notes_by_pitch(data)
        held_out = torch.nonzero(data.held_out)[:, 0].tolist()
        self._held_out = spread(held_out, lambda i: int(data.timbre[i]), N_HELD_OUT)
        # The notes of one instrument have no pitch in common, and are measured, too.
        trained = torch.nonzero(~data.held_out)[:, 0].tolist()
        self._trained = spread(trained, lambda i: int(data.timbre[i]), N_TRAINED)

    def read(self, trainer: Trainer, examples_seen: int) -> Reading:
        """Measure the run; changes nothing, not even the source of random numbers."""
        stage = trainer.stage(examples_seen)
        index = torch.tensor(sorted({*self._held_out, *self._trained, *chain(*self._same_pitch)}))
        place = {int(note): row for row, note in enumerate(index)}
        real = self._real(index, stage)
        fake = self._fake(cast(Decoder, trainer.decoder()), index, stage)
        (real_mean, real_texture), (fake_mean, fake_texture) = (
            pooled(images, self._config.db_per_unit) for images in (real, fake)
        )
        off_db = (fake_mean - real_mean).abs().mean(1)
        off_db += (fake_texture - real_texture).abs().mean(1)
        measures = self._by_kind(off_db, index, "off", "_db")
        rows = [[place[note] for note in notes] for notes in self._same_pitch]
        if rows:
            measures["diversity"] = mean_apart(fake_mean, rows) / max(
                mean_apart(real_mean, rows), 1e-6
            )
        if isinstance(trainer, Judge) and examples_seen > self._warm_examples:
            measures |= self._judge(trainer, index, real, examples_seen)
        nearness = measures[NEARNESS] if NEARNESS in measures else measures["trained_off_db"]
        return Reading(measures, Score(NEARNESS, nearness, stage))

    def _by_kind(self, values: Tensor, index: Tensor, name: str, unit: str) -> dict[str, float]:
        """Give the means over notes that are trained on and over those that are held out."""
        held_out = self._data.held_out[index]
        kinds = {"trained": values[~held_out], "held_out": values[held_out]}
        return {f"{kind}_{name}{unit}": float(x.mean()) for kind, x in kinds.items() if len(x)}

    def _real(self, index: Tensor, stage: int) -> Tensor:
        factor = 2 ** (len(self._config.network.channels) - stage)
        batches = (self._data.read(part) for part in torch.split(index, _BATCH))
        return torch.cat([downscale(part, factor, self._config.db_per_unit) for part in batches])

    @torch.inference_mode()
    def _fake(self, decoder: Decoder, index: Tensor, stage: int) -> Tensor:
        if len(decoder.latents):
            z = on_sphere(decoder.latents[self._data.timbre[index].to(self._device)])
        else:
            z = draw_gaussian(len(index), self._config.latent_size, 0).to(self._device)
        pitch = self._data.pitch[index].to(self._device)
        parts = zip(torch.split(z, _BATCH), torch.split(pitch, _BATCH), strict=True)
        return torch.cat([decoder.generator(z, p, stage).float().cpu() for z, p in parts])

    @torch.inference_mode()
    def _judge(
        self, judge: Judge, index: Tensor, real: Tensor, examples_seen: int
    ) -> dict[str, float]:
        pitch = self._data.pitch[index]
        scores, logits = [], []
        for some, pitches in zip(
            torch.split(real, _BATCH), torch.split(pitch, _BATCH), strict=True
        ):
            score, logit = judge.judge(
                some.to(self._device), pitches.to(self._device), examples_seen
            )
            scores.append(score.float().cpu())
            logits.append(logit.float().cpu())
        label = pitch - self._config.network.lowest_pitch
        entropy = functional.cross_entropy(torch.cat(logits), label, reduction="none")
        sign = float(torch.cat(scores).sign().mean())
        return {"real_sign": sign} | self._by_kind(entropy, index, "entropy", "")


def pooled(specgrams: Tensor, db_per_unit: float) -> tuple[Tensor, Tensor]:
    """Measure the magnitude in each cell of a grid of at most 16 times and 32 freqs.

    Args:
        specgrams: float32 [batch, 2, time, freq], at any resolution.
        db_per_unit: Decibels of one unit of magnitude.

    Returns:
        Mean over the floor and standard deviation, each float32 [batch, cell], in dB. Smooth
        notes have the right means, but too little deviation.
    """
    level_db = (specgrams[:, :1].clamp_min(_FLOOR) - _FLOOR) * db_per_unit
    size = (min(_GRID[0], level_db.shape[2]), min(_GRID[1], level_db.shape[3]))
    mean = functional.adaptive_avg_pool2d(level_db, size)
    power = functional.adaptive_avg_pool2d(level_db.square(), size)
    deviation = (power - mean.square()).clamp_min(0).sqrt()
    return mean.flatten(1), deviation.flatten(1)


def mean_apart(features: Tensor, rows: Sequence[Sequence[int]]) -> float:
    """Say how different notes of one pitch are on average, in dB.

    Args:
        features: float32 [note, cell], in dB.
        rows: For each pitch its notes, at least two.
    """
    means = [_pairwise(features[list(of_pitch)]).mean() for of_pitch in rows]
    return float(torch.stack(means).mean())


def _pairwise(features: Tensor) -> Tensor:
    """Give the distance of each pair once: [pair], in dB."""
    first, second = torch.triu_indices(len(features), len(features), 1)
    return (features[first] - features[second]).abs().mean(1)


def _notes_by_pitch(data: TrainingSet) -> list[list[int]]:
    """Choose the pitches that most notes have, and notes of as many timbres as possible."""
    of_pitch: dict[int, list[int]] = {}
    for note, pitch in enumerate(data.pitch.tolist()):
        of_pitch.setdefault(pitch, []).append(note)
    common = sorted(of_pitch, key=lambda p: (-len(of_pitch[p]), abs(p - 60)))[:N_PITCHES]
    chosen = [spread(of_pitch[p], lambda i: int(data.timbre[i]), N_EACH) for p in common]
    return [notes for notes in chosen if len(notes) > 1]
