"""The roofline counts what the network does, and no device is faster than it."""

import time

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from model.config import NetworkConfig
from model.generator import Generator
from model.gpu_generator import GPUGenerator
from model.roofline import (
    DevicePeak,
    best_seconds,
    measure_peak,
    network_flops,
    network_layers,
    roofline_seconds,
)
from model.warped import WarpedConfig, warped_frequencies

PUBLISHED = NetworkConfig(latent_size=8, channels=(16, 16, 8, 8, 4))
OURS = NetworkConfig(
    latent_size=8,
    channels=(24, 16, 16, 8, 8, 5, 3),
    first_head=4,
    output="skip",
    harmonic_maps=True,
)
CPU = torch.device("cpu")


@pytest.mark.parametrize("config", [PUBLISHED, OURS], ids=["published", "ours"])
def test_the_count_is_what_the_network_does(config: NetworkConfig) -> None:
    freqs_hz = warped_frequencies(WarpedConfig()) if config.harmonic_maps else None
    network = GPUGenerator(Generator(config, freqs_hz).requires_grad_(False), "fp32")
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(3, config.latent_size), torch.tensor([24, 50, 84]))
    assert counter.get_total_flops() == 3 * network_flops(config)


def test_the_published_network_has_the_operations_that_are_told_of_it() -> None:
    assert network_flops(NetworkConfig()) == pytest.approx(18.33e9, rel=0.01)


def test_a_device_without_bandwidth_is_bound_by_it_and_one_without_arithmetic_by_that() -> None:
    n_numbers = sum(layer.n_weights + 2 * layer.n_values for layer in network_layers(PUBLISHED))
    slow_memory = roofline_seconds(PUBLISHED, 2, DevicePeak(1e30, 1e9))
    slow_arithmetic = roofline_seconds(PUBLISHED, 2, DevicePeak(1e9, 1e30))
    assert slow_memory == pytest.approx(4 * n_numbers / 1e9)
    assert slow_arithmetic == pytest.approx(2 * network_flops(PUBLISHED) / 1e9)
    assert roofline_seconds(PUBLISHED, 2, DevicePeak(1e9, 1e9)) >= max(slow_memory, slow_arithmetic)


@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_a_peak_is_measured(precision: str) -> None:
    before = torch.backends.cuda.matmul.allow_tf32
    peak = measure_peak(CPU, precision, size=64, n_copied=1 << 20)  # type: ignore[arg-type]
    assert peak.flops > 0
    assert peak.bandwidth > 0
    assert torch.backends.cuda.matmul.allow_tf32 == before


def test_the_best_of_some_runs_counts_and_the_first_does_not() -> None:
    pauses = iter([0.0, 0.02, 0.005, 0.02])

    def work() -> torch.Tensor:
        time.sleep(next(pauses))
        return torch.zeros(1)

    assert best_seconds(work, CPU, 3) >= 0.005
