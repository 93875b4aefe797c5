"""The original GANSynth's numbers, and the weights that they were computed with."""

import lzma
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from torch import nn

DATA = Path(__file__).parent / "data" / "golden"
AVERAGED = "/ExponentialMovingAverage"
_GENERATOR = "Generator/progressive_gan_generator/progressive_gan_block_"
_DISCRIMINATOR = "Discriminator/progressive_gan_discriminator/progressive_gan_block_"


def load(name: str) -> dict[str, np.ndarray]:
    """Read a golden file."""
    with np.load(DATA / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def channels_first(image: np.ndarray) -> torch.Tensor:
    """Turn [..., time, freq, channel] into [..., channel, time, freq]."""
    return torch.from_numpy(image).movedim(-1, -3)


def noise() -> np.ndarray:
    """Give the signal `noise_seed0`: float32 [64000]."""
    return (0.1 * np.random.RandomState(0).randn(64000)).astype(np.float32)


def real_images(step: dict[str, np.ndarray]) -> torch.Tensor:
    """Give the real images of a training step: float64 [batch, 2, time, freq]."""
    if "real" in step:
        return channels_first(step["real"]).double()
    # Multiples of 2^-16, the bytes of all numbers sorted by their place: see the README there.
    planes = np.frombuffer(lzma.decompress(step["real_xz"].tobytes()), np.uint8)
    numbers = np.ascontiguousarray(planes.reshape(4, -1).T).view("<i4")
    images = numbers.reshape(2, -1, 128, 1024).swapaxes(0, 1) / 2.0**16
    return torch.from_numpy(images)


def generator_name(name: str) -> str:
    """Turn a parameter's name in our generator into the original's."""
    *layer, kind = name.split(".")
    if layer[0] == "to_rgb":
        block, conv = layer[1], "to_rgb"
    else:
        block, conv = ("1" if layer[0] == "first" else str(int(layer[1]) + 2)), layer[-1]
    return f"{_GENERATOR}{block}/{conv}/{'conv2d/kernel' if kind == 'weight' else 'bias'}"


def discriminator_name(name: str) -> str:
    """Turn a parameter's name in our discriminator into the original's."""
    *layer, kind = name.split(".")
    if layer[0] == "heads":
        scopes = {
            "score": f"{_DISCRIMINATOR}1/logits",
            "pitch": "Discriminator/discriminator_cond/classification_logits",
        }
        return f"{scopes[layer[1]]}/{'dense/kernel' if kind == 'weight' else 'bias'}"
    if layer[0] == "from_rgb":
        scope = f"{int(layer[1]) + 1}/from_rgb"
    elif layer[0] == "last":
        scope = f"1/{layer[1]}"
    else:
        scope = f"{int(layer[1]) + 2}/{layer[2]}"
    return f"{_DISCRIMINATOR}{scope}/{'conv2d/kernel' if kind == 'weight' else 'bias'}"


def original_order(x: torch.Tensor) -> np.ndarray:
    """Turn our order of axes into the original's: [time, freq, in, out], or [in, out]."""
    return x.detach().permute(2, 3, 1, 0).numpy() if x.ndim == 4 else x.detach().T.numpy()


def made_weights(name: str, shape: torch.Size) -> torch.Tensor:
    """Make the weights that a variable of this name had, in our order of axes."""
    there = (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else tuple(reversed(shape))
    x = np.random.RandomState(crc32(name.encode("ascii"))).standard_normal(there)
    if "to_rgb/" in name and name.startswith("Generator"):
        x = 0.6 * x if "kernel" in name else 0.05 * x + np.array([-0.35, 0.0])
    elif name.startswith("Generator/") and "/conv2d/kernel" in name:
        x = x - x.mean(axis=2, keepdims=True)
    elif "/bias" in name:
        x = 0.1 * x
    x = x.transpose(3, 2, 0, 1) if x.ndim == 4 else x.T
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))


def fill(network: nn.Module, *, averaged: bool = False) -> None:
    """Give one of our networks the original's weights."""
    is_generator = hasattr(network, "to_rgb")
    weights = {}
    for name, weight in network.state_dict().items():
        theirs = generator_name(name) if is_generator else discriminator_name(name)
        weights[name] = made_weights(theirs + (AVERAGED if averaged else ""), weight.shape)
    network.load_state_dict(weights)
