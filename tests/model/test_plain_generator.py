"""The plain form and the fast ones are one generator."""

import torch

from model.config import NetworkConfig
from model.cpu_generator import CPUGenerator
from model.generator import Generator
from model.plain_generator import is_plain, plain_specgrams

CONFIG = NetworkConfig(latent_size=8, channels=(16, 16, 16, 8, 8, 4, 4))


def test_all_forms_give_the_same_images() -> None:
    torch.manual_seed(0)
    assert is_plain(CONFIG)
    generator = Generator(CONFIG).requires_grad_(False)
    z, pitch = torch.randn(2, 8), torch.tensor([24, 77])
    plain = plain_specgrams(generator, z, pitch)
    for fast in (generator, CPUGenerator(generator)):
        error = (fast(z, pitch) - plain).square().mean().sqrt()
        assert float(error) < 1e-4 * float(plain.square().mean().sqrt())


def test_what_is_ours_alone_has_no_plain_form() -> None:
    assert not is_plain(NetworkConfig(output="skip"))
    assert not is_plain(NetworkConfig(harmonic_maps=True))
    assert not is_plain(NetworkConfig(progress=5.5))
