"""Which devices there are to compute on, and which one of them to use."""

import re
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

ANSWER_SECONDS = 30.0
"""How long a device may take for its first computation; a driver loads libraries before it."""

AUTO = "auto"
NO_GPU = "torch sees no GPU"
_NAMES = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
_TOLERANCE = 1e-2  # tf32 rounds factors to 10 bits


class DeviceMissingError(Exception):
    """The device that was asked for is not there, or does not compute; says which are."""


@dataclass(frozen=True)
class Device:
    """A device that torch sees.

    Attributes:
        name: As torch and `--device` name it: "cuda:0", "mps", "cpu".
        words: What it is: "NVIDIA H100 80GB HBM3".
    """

    name: str
    words: str


CPU = Device("cpu", "CPU")


@dataclass(frozen=True)
class Choice:
    """A device, and why it was chosen, in a few words."""

    device: Device
    reason: str


def list_devices() -> tuple[Device, ...]:
    """List the devices that torch sees, the fastest first; the CPU is always the last."""
    with warnings.catch_warnings():
        # A driver that is too old is told as a warning, in the midst of what else is printed.
        warnings.simplefilter("ignore")
        n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = [
        Device(f"cuda:{number}", torch.cuda.get_device_name(number)) for number in range(n_cuda)
    ]
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU"))
    return (*devices, CPU)


def find_device(wanted: str, devices: Sequence[Device] | None = None) -> Device:
    """Give the device of a name; "cuda" is the first of its kind.

    Args:
        wanted: "cpu", "mps", "cuda" or "cuda:N".
        devices: Those that there are; `list_devices()` without it.

    Raises:
        DeviceMissingError: If there is none of that name.
    """
    check_name(wanted)
    if wanted == CPU.name:  # nothing else is looked at: a GPU that has failed may hang
        return CPU
    devices = list_devices() if devices is None else devices
    for device in devices:
        if device.name == wanted or (wanted == "cuda" and device.name.startswith("cuda:")):
            return device
    raise DeviceMissingError(f'There is no device "{wanted}" here. {_those(devices)}')


def check_name(wanted: str) -> None:
    """Refuse what can be no device's name.

    Raises:
        ValueError: With one line that says what can.
    """
    if not _NAMES.fullmatch(wanted):
        raise ValueError(f'the device must be auto, cpu, cuda, cuda:N or mps, not "{wanted}"')


def choose_device(
    wanted: str = AUTO,
    devices: Sequence[Device] | None = None,
    trouble: Callable[[Device], str] | None = None,
) -> Choice:
    """Choose the device to compute on: the first that works, or the one that is asked for.

    Args:
        wanted: "auto", or a name as `find_device` takes it.
        devices: Those that there are; `list_devices()` without it.
        trouble: Says what is wrong with a device, or ""; `trouble_with` without it.

    Raises:
        DeviceMissingError: If the one that is asked for is not there or does not compute.
    """
    trouble = trouble or trouble_with
    if wanted != AUTO:
        device = find_device(wanted, devices)
        problem = trouble(device)
        if problem:
            devices = list_devices() if devices is None else devices
            raise DeviceMissingError(f"{device.name} ({device.words}) {problem}. {_those(devices)}")
        return Choice(device, "asked for")
    devices = list_devices() if devices is None else devices
    problems: list[str] = []
    for device in devices:
        problem = trouble(device)
        if not problem:
            return Choice(device, "; ".join(problems) or _reason(device))
        problems.append(f"{device.name} ({device.words}) {problem}")
    raise DeviceMissingError(f"Nothing computes here: {'; '.join(problems)}.")


def trouble_with(device: Device, answer_seconds: float = ANSWER_SECONDS) -> str:
    """Let a device compute something small whose result is known.

    Returns:
        What is wrong, to follow the device's name in a sentence; "" where all is well.
    """
    if device == CPU:
        return ""
    return _within(answer_seconds, lambda: _compute(device.name))


def _within(seconds: float, work: Callable[[], str]) -> str:
    """Do work that may hang for ever; say so where it does."""
    done: list[str] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:  # a driver's errors are of many kinds
            lines = str(error).strip().splitlines()
            done.append(f"can't compute: {lines[0] if lines else type(error).__name__}")

    thread = threading.Thread(target=run, name="device probe", daemon=True)
    thread.start()
    thread.join(seconds)
    return done[0] if done else f"has not answered for {seconds:g} s"


@torch.inference_mode()
def _compute(name: str) -> str:
    """Convolve and transform on a device and on the CPU; say where they differ."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 8, 16, 16, generator=generator)
    kernel = torch.randn(8, 8, 3, 3, generator=generator) / 8.5  # keeps the scale
    expected = functional.conv2d(image, kernel, padding=1)
    got = functional.conv2d(image.to(name), kernel.to(name), padding=1).cpu()
    right = torch.allclose(got, expected, atol=_TOLERANCE * float(expected.abs().max()))
    return "" if right else "computes wrongly"


def _reason(device: Device) -> str:
    if device == CPU:
        return NO_GPU
    return "it computes, and is faster than the CPU"


def _those(devices: Sequence[Device]) -> str:
    return "There are: " + ", ".join(f"{device.name} ({device.words})" for device in devices) + "."
