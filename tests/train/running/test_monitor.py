"""The monitors: what they measure of known notes, and when they warn."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from model.latent import on_sphere
from train.datasets.dataset import TrainingSet, read_training_set
from train.recipes.config import TimbrepadConfig, WarmStartConfig
from train.recipes.decoder import Decoder
from train.recipes.loss import downscale
from train.running.alarms import Alarms
from train.running.monitor import Monitor, mean_apart, pooled

CPU = torch.device("cpu")
LAST = 7


@pytest.fixture(scope="module")
def data(notes_folder: Path) -> TrainingSet:
    return read_training_set([notes_folder], WarmStartConfig().transform, notes_folder / "cache")


class Copyist(nn.Module):
    """A generator that gives the real notes of the data, whatever the latent; or one of them."""

    def __init__(self, data: TrainingSet, config: WarmStartConfig) -> None:
        super().__init__()
        self.data, self.config = data, config
        self.of_one: int | None = None
        self.smooth = False
        self.latents = on_sphere(torch.eye(len(data.timbres), 8) + 0.01)

    def forward(self, z: Tensor, pitch: Tensor, stage: int) -> Tensor:
        timbre = (z[:, None] * self.latents).sum(-1).argmax(1)
        if self.of_one is not None:
            timbre = torch.full_like(timbre, self.of_one)
        index = [self._note(int(t), int(p)) for t, p in zip(timbre, pitch, strict=True)]
        specgrams = downscale(
            self.data.read(torch.tensor(index)), 2 ** (LAST - stage), self.config.db_per_unit
        )
        if self.smooth:
            factor = (specgrams.shape[2] // 16, specgrams.shape[3] // 32)
            small = nn.functional.avg_pool2d(specgrams, factor)
            specgrams = nn.functional.interpolate(small, specgrams.shape[2:])
        return specgrams

    def _note(self, timbre: int, pitch: int) -> int:
        return int(torch.nonzero((self.data.timbre == timbre) & (self.data.pitch == pitch))[0, 0])


class Teacher:
    """A trainer of a copyist."""

    def __init__(self, data: TrainingSet, config: WarmStartConfig, stage: int = LAST) -> None:
        self.of_stage = stage
        self.mean = Decoder(WarmStartConfig(latent_size=8), len(data.timbres))
        self.copyist = Copyist(data, config)
        self.mean.generator = self.copyist  # type: ignore[assignment]
        self.mean.latents.data = self.copyist.latents

    def stage(self, examples_seen: int) -> int:
        return self.of_stage

    def decoder(self) -> nn.Module:
        return self.mean


class JudgingTeacher(Teacher):
    """One whose discriminator takes all for real, and knows only middle C."""

    def judge(self, specgrams: Tensor, pitch: Tensor, seen: int) -> tuple[Tensor, Tensor]:
        logits = torch.zeros(len(pitch), 61)
        logits[:, 60 - 24] = 2.0
        return torch.ones(len(pitch)), logits


@pytest.mark.parametrize("stage", [4, LAST])
def test_real_notes_are_not_off_and_as_diverse_as_real_ones(
    stage: int, data: TrainingSet, quick: WarmStartConfig
) -> None:
    reading = Monitor(quick, data, CPU).read(Teacher(data, quick, stage), 0)  # type: ignore[arg-type]
    assert reading.measures["trained_off_db"] == pytest.approx(0.0, abs=1e-3)
    assert reading.measures["held_out_off_db"] == pytest.approx(0.0, abs=1e-3)
    assert reading.measures["diversity"] == pytest.approx(1.0, abs=1e-3)
    assert (reading.score.stage, reading.score.name) == (stage, "held_out_off_db")


@pytest.mark.parametrize("some_are_held_out", [True, False])
def test_the_notes_of_one_instrument_alone_are_measured(
    some_are_held_out: bool, data: TrainingSet, quick: WarmStartConfig
) -> None:
    chosen = (data.timbre == 0) & (~data.held_out | some_are_held_out)
    index = torch.nonzero(chosen)[:, 0].tolist()
    alone = replace(
        data,
        examples=[data.examples[i] for i in index],
        timbre=data.timbre[index],
        pitch=data.pitch[index],
        level_db=data.level_db[index],
        specgrams=data.specgrams[index],
    )
    assert bool(alone.held_out.any()) == some_are_held_out
    teacher = Teacher(data, quick)
    teacher.copyist.smooth = True
    reading = Monitor(quick, alone, CPU).read(teacher, 0)  # type: ignore[arg-type]
    assert reading.measures["trained_off_db"] > 1.0
    assert ("held_out_off_db" in reading.measures) == some_are_held_out
    assert "diversity" not in reading.measures
    name = "held_out_off_db" if some_are_held_out else "trained_off_db"
    assert reading.score.value == reading.measures[name]


def test_notes_that_are_all_of_one_timbre_are_not_diverse(
    data: TrainingSet, quick: WarmStartConfig
) -> None:
    teacher = Teacher(data, quick)
    teacher.copyist.of_one = 0
    measures = Monitor(quick, data, CPU).read(teacher, 0).measures  # type: ignore[arg-type]
    assert measures["diversity"] == pytest.approx(0.0, abs=1e-3)
    assert measures["trained_off_db"] > 3.0


def test_smooth_notes_are_off_though_their_means_are_right(
    data: TrainingSet, quick: WarmStartConfig
) -> None:
    teacher = Teacher(data, quick)
    teacher.copyist.smooth = True
    measures = Monitor(quick, data, CPU).read(teacher, 0).measures  # type: ignore[arg-type]
    assert measures["trained_off_db"] > 1.0
    assert measures["diversity"] == pytest.approx(1.0, abs=0.02)


def test_what_a_discriminator_thinks_is_measured(data: TrainingSet, quick: WarmStartConfig) -> None:
    measures = Monitor(quick, data, CPU).read(JudgingTeacher(data, quick), 1).measures  # type: ignore[arg-type]
    assert measures["real_sign"] == 1.0
    expected = {60: math.log(60 + math.exp(2)) - 2, 48: math.log(60 + math.exp(2))}
    assert expected[60] < measures["trained_entropy"] < expected[48]
    assert measures.keys() >= {"held_out_entropy"}


def test_a_discriminator_that_has_not_begun_is_not_asked(data: TrainingSet) -> None:
    config = TimbrepadConfig(latent_size=8, examples=100, warm_share=0.5)
    monitor = Monitor(config, data, CPU)
    teacher = JudgingTeacher(data, config)
    assert "real_sign" not in monitor.read(teacher, 50).measures  # type: ignore[arg-type]
    assert "real_sign" in monitor.read(teacher, 51).measures  # type: ignore[arg-type]


def test_looking_draws_no_random_numbers(data: TrainingSet, quick: WarmStartConfig) -> None:
    before = torch.get_rng_state()
    Monitor(quick, data, CPU).read(Teacher(data, quick), 0)  # type: ignore[arg-type]
    assert torch.equal(before, torch.get_rng_state())


def test_cells_hold_mean_and_deviation_in_db() -> None:
    specgrams = torch.full((1, 2, 32, 64), -0.8)
    specgrams[:, :, ::2] = -0.6
    mean, deviation = pooled(specgrams, db_per_unit=50.0)
    assert mean.shape == deviation.shape == (1, 16 * 32)
    assert torch.allclose(mean, torch.tensor(5.0))
    assert torch.allclose(deviation, torch.tensor(5.0), atol=1e-3)


def test_each_pair_of_a_pitch_counts_once() -> None:
    features = torch.tensor([[0.0], [1.0], [5.0], [100.0], [102.0]])
    assert mean_apart(features, [[0, 1, 2], [3, 4]]) == pytest.approx(((1 + 5 + 4) / 3 + 2) / 2)


def test_everything_may_be_alike_at_the_beginning() -> None:
    alarms = Alarms(1000)
    assert alarms.hear({"diversity": 0.0}, 200) == []
    assert not alarms.collapsed


def test_a_decoder_without_a_critic_may_take_its_time() -> None:
    assert Alarms(1000).hear({"diversity": 0.0}, 900) == []


def test_notes_that_stay_alike_before_a_critic_raise_the_alarm() -> None:
    measures = {"diversity": 0.4, "real_sign": 0.0}
    assert Alarms(1000).hear(measures, 200) == []
    (line,) = Alarms(1000).hear(measures, 300)
    assert line.startswith("Collapse: notes of one pitch differ 0.40 times as much as real ones")


def test_notes_that_become_alike_raise_the_alarm_once_until_it_is_over() -> None:
    alarms = Alarms(10**6)
    values = [0.9, 0.4, 0.4, 0.6, 0.4]
    assert [len(alarms.hear({"diversity": value}, 10)) for value in values] == [0, 1, 0, 0, 1]


def test_three_readings_in_a_row_are_a_collapse_for_good() -> None:
    alarms = Alarms(10**6)
    collapsed = []
    for value in (0.9, 0.2, 0.2, 0.35, 0.2, 0.2, 0.2):
        alarms.hear({"diversity": value}, 10)
        collapsed.append(alarms.collapsed)
    assert collapsed == [False] * 6 + [True]


@pytest.mark.parametrize(
    ("measures", "kind"),
    [
        ({"real_sign": 0.61}, "Overfitting: the mean sign .* 0.61"),
        ({"trained_entropy": 0.1, "held_out_entropy": 0.7}, "Memorising: .* 0.60 higher"),
    ],
)
def test_a_discriminator_that_knows_too_much_raises_an_alarm(measures, kind) -> None:
    alarms = Alarms(1000)
    (line,) = alarms.hear(measures, 10)
    assert re.match(kind, line)
    assert alarms.hear(dict.fromkeys(measures, 0.0), 20) == []
