"""What training makes: a generator, and a latent for each timbre that it knows."""

import torch
from torch import Tensor, nn

from model.generator import Generator
from model.latent import on_sphere
from model.warped import warped_frequencies

from .config import TrainConfig


class Decoder(nn.Module):
    """A generator and one latent for every timbre of the training set.

    Attributes:
        generator: The network.
        latents: float32 [timbre, latent], of any length; see `on_sphere`.
    """

    def __init__(self, config: TrainConfig, n_timbres: int) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.generator = Generator(config.network, warped_frequencies(config.warped))
        self.latents = nn.Parameter(on_sphere(torch.randn(n_timbres, config.latent_size)))


def move_mean(mean: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the running mean of a network's weights one step towards them."""
    with torch.no_grad():
        slow: list[Tensor] = list(mean.parameters())
        fast: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(slow, fast, 1 - decay)
