"""A device is chosen by itself or by name, and one that does not work is told in a line."""

import threading

import pytest
import torch

from model import device as device_module
from model.device import (
    CPU,
    Device,
    DeviceMissingError,
    choose_device,
    find_device,
    list_devices,
    trouble_with,
)

CUDA = (Device("cuda:0", "Big GPU"), Device("cuda:1", "Small GPU"))
MPS = Device("mps", "Apple GPU")


def fine(_: Device) -> str:
    return ""


def broken_gpus(device: Device) -> str:
    return "" if device.name == "cpu" else "can't compute: no kernel image"


@pytest.mark.parametrize(
    ("devices", "chosen"),
    [((*CUDA, CPU), "cuda:0"), ((MPS, CPU), "mps"), ((CPU,), "cpu")],
)
def test_the_fastest_device_is_chosen(devices: tuple[Device, ...], chosen: str) -> None:
    assert choose_device("auto", devices, fine).device.name == chosen


def test_the_first_device_that_computes_is_chosen_and_the_others_faults_are_told() -> None:
    choice = choose_device("auto", (CUDA[0], CPU), broken_gpus)
    assert choice.device == CPU
    assert choice.reason == "cuda:0 (Big GPU) can't compute: no kernel image"


def test_no_gpu_is_a_reason() -> None:
    assert choose_device("auto", (CPU,), fine).reason == "torch sees no GPU"


@pytest.mark.parametrize(
    ("wanted", "found"), [("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("mps", "mps"), ("cpu", "cpu")]
)
def test_a_device_is_forced_by_its_name(wanted: str, found: str) -> None:
    choice = choose_device(wanted, (*CUDA, MPS, CPU), fine)
    assert (choice.device.name, choice.reason) == (found, "asked for")


def test_a_device_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(DeviceMissingError) as refused:
        find_device("cuda:7", (*CUDA, CPU))
    assert str(refused.value) == (
        'There is no device "cuda:7" here. '
        "There are: cuda:0 (Big GPU), cuda:1 (Small GPU), cpu (CPU)."
    )


def test_a_forced_device_that_does_not_compute_is_refused() -> None:
    with pytest.raises(DeviceMissingError, match=r"cuda:0 \(Big GPU\) can't compute: no kernel"):
        choose_device("cuda", (*CUDA, CPU), broken_gpus)


def test_where_nothing_computes_all_faults_are_told() -> None:
    with pytest.raises(DeviceMissingError, match=r"Nothing computes here: cpu \(CPU\) is on fire"):
        choose_device("auto", (CPU,), lambda _: "is on fire")


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:-1", "CPU", "cuda:1000"])
def test_what_can_be_no_device_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="auto, cpu, cuda, cuda:N or mps"):
        find_device(name, (CPU,))


def test_a_device_that_never_answers_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr("model.device._compute", lambda _: str(never.wait(60)))
    assert trouble_with(CUDA[0], answer_seconds=0.05) == "has not answered for 0.05 s"
    never.set()


def test_a_device_whose_driver_fails_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> str:
        raise RuntimeError("CUDA error: out of order\nCompile with TORCH_USE_CUDA_DSA")

    monkeypatch.setattr("model.device._compute", fail)
    assert trouble_with(CUDA[0]) == "can't compute: CUDA error: out of order"


@pytest.mark.parametrize("device", list_devices(), ids=lambda device: device.name)
def test_every_device_here_computes(device: Device) -> None:
    assert device_module._compute(device.name) == ""  # the CPU's, too, which is not asked otherwise


def test_a_device_that_computes_wrongly_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    results = iter((torch.ones(1), torch.zeros(1)))
    monkeypatch.setattr("model.device.functional.conv2d", lambda *_, **__: next(results))
    assert device_module._compute("cpu") == "computes wrongly"


def test_for_the_cpu_no_gpu_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang() -> bool:
        raise AssertionError("a driver was asked")

    monkeypatch.setattr(torch.cuda, "is_available", hang)
    assert choose_device("cpu").device == CPU


def test_the_cpu_is_always_there() -> None:
    assert list_devices()[-1] == CPU
