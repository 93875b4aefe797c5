"""What training makes: a generator, and a latent for each timbre that it knows."""

import torch
from torch import Tensor, nn

from model.generator import Generator
from model.latent import on_sphere
from model.warped import warped_frequencies

from .config import TrainConfig, WarmStartConfig


class Decoder(nn.Module):
    """A generator and one latent for every timbre of the training set.

    Attributes:
        generator: The network.
        latents: float32 [timbre, latent], of any length; see `on_sphere`. None, [0, latent], in
            a recipe that draws its latents from N(0, 1).
    """

    def __init__(self, config: TrainConfig, n_timbres: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            freqs_hz = None
            if isinstance(config, WarmStartConfig):
                freqs_hz = warped_frequencies(config.warped)
            self.generator = Generator(config.network, freqs_hz)
            latents = torch.randn(n_timbres, config.latent_size)
        self.latents = nn.Parameter(on_sphere(latents))


def move_mean(mean: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the running mean of a network's weights one step towards them."""
    with torch.no_grad():
        slow: list[Tensor] = list(mean.parameters())
        fast: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(slow, fast, 1 - decay)
