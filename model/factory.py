"""The network that a configuration asks for: one of the two architectures."""

from torch import Tensor

from .config import NetworkConfig
from .discriminator import Discriminator
from .generator import Generator
from .normalizer import PRESPECIFIED, Normalizer
from .simple import SimpleDiscriminator, SimpleGenerator

AnyGenerator = Generator | SimpleGenerator
AnyDiscriminator = Discriminator | SimpleDiscriminator


def make_generator(config: NetworkConfig, freqs_hz: Tensor | None = None) -> AnyGenerator:
    """Make a generator with random weights.

    Args:
        config: Its shape.
        freqs_hz: [freq], the bands' centres; needed with `harmonic_maps`.
    """
    if config.architecture == "simple":
        return SimpleGenerator(config)
    return Generator(config, freqs_hz)


def make_discriminator(
    config: NetworkConfig, normalizer: Normalizer = PRESPECIFIED, n_last: int | None = None
) -> AnyDiscriminator:
    """Make a discriminator with random weights.

    Args:
        config: The shape of the generator that it judges.
        normalizer: The generator's.
        n_last: Channels of the last layer; those of the first block without it.
    """
    if config.architecture == "simple":
        return SimpleDiscriminator(config, normalizer, n_last)
    return Discriminator(config, normalizer, n_last)
