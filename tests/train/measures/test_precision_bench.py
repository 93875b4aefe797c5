"""Notes of every device here in the precision that it plays in are the CPU's, to the ear."""

import io
from pathlib import Path

import msgspec
import pytest
import torch
from rich.console import Console
from torch import Tensor
from torch.nn import functional

from model.device import list_devices
from train.measures.precision_bench import (
    CENTS,
    LEVEL_DB,
    LSD_DB,
    PrecisionReport,
    bench_precision,
    report_json,
    report_table,
)

BUNDLED = Path(__file__).parents[3] / "presets" / "models" / "draft"
DEVICES = [device.name for device in list_devices()]


@pytest.fixture(scope="module", params=DEVICES)
def report(request: pytest.FixtureRequest) -> PrecisionReport:
    return bench_precision(BUNDLED, request.param, n_timbres=2, n_timed=1)


def test_the_bundled_model_sounds_the_same_on_every_device_that_plays_it(
    report: PrecisionReport,
) -> None:
    exact, played, _ = report.roundings
    assert (exact.precision, played.precision) == ("fp32", "tf32")
    for rounding in (exact, played):
        assert rounding.lsd_db[1] <= LSD_DB
        assert rounding.level_db <= LEVEL_DB
        assert rounding.cents <= CENTS
        assert rounding.inaudible
    assert exact.wave_rms[1] < 0.01


class RoundedFunctional:
    """What the generator calls of torch, with factors rounded to 10 bits as tf32 rounds them."""

    linear = functional.linear
    leaky_relu_ = functional.leaky_relu_

    @staticmethod
    def conv2d(x: Tensor, kernel: Tensor, bias: Tensor, padding: int) -> Tensor:
        return functional.conv2d(rounded(x), rounded(kernel), bias, padding=padding)

    @staticmethod
    def conv_transpose2d(
        x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: int
    ) -> Tensor:
        x, kernel = rounded(x), rounded(kernel)
        return functional.conv_transpose2d(x, kernel, bias, stride=stride, padding=padding)


def rounded(x: Tensor) -> Tensor:
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp(torch.round(mantissa * 2**11) / 2**11, exponent)


def test_the_rounding_of_tf32_is_inaudible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.gpu_generator.functional", RoundedFunctional)
    report = bench_precision(BUNDLED, "cpu", n_timbres=1, precisions=("tf32",), n_timed=1)
    (rounding,) = report.roundings
    assert 1e-5 < rounding.image_rms < 1e-3
    assert rounding.inaudible


def test_bf16_goes_beyond_what_a_listener_could_not_tell(report: PrecisionReport) -> None:
    rounding = report.roundings[2]
    assert rounding.precision == "bf16"
    assert 1e-4 < rounding.image_rms < 1e-2
    assert not rounding.inaudible


def test_a_report_is_a_table_and_json(report: PrecisionReport) -> None:
    assert msgspec.json.decode(report_json(report), type=PrecisionReport) == report
    assert (report.device in DEVICES, report.n_notes) == (True, 12)
    page = io.StringIO()
    Console(width=160, file=page).print(report_table(report))
    assert "inaudible" in page.getvalue()
