"""The progressive growing of GANSynth: which blocks count at which point of training.

Training alternates between stable stages and transitions, in which the next block's output is
faded in. `progress` is k - 1 where block k alone counts, and between whole numbers in a
transition. Stages are counted from 0: even ones are stable, odd ones transitions.

Source: Karras et al., "Progressive growing of GANs", ICLR 2018; magenta/magenta (Apache-2.0),
`models/gansynth/lib/networks.py`, its numbers; written anew.
"""

import torch
from torch import Tensor

from .config import NetworkConfig
from .layers import downscale, upscale


def n_channels_at(block: int, base: float, maximum: int, decay: float = 1.0) -> int:
    """Say how many channels a block has, as the published configurations derive it.

    Args:
        block: Counted from 1; 0 stands for the discriminator's last layer.
        base: `fmap_base`; 4096 in the published models.
        maximum: `fmap_max`; 256 in the published models.
        decay: `fmap_decay`: how many halvings a block.
    """
    return int(min(base / 2.0 ** (block * decay), maximum))


def n_blocks_at(stage: int) -> int:
    """Say how many blocks there are at a stage."""
    return (stage + 1) // 2 + 1


def n_images_before_end(stage: int, stable: int, transition: int) -> int:
    """Say after how many images in all a stage ends.

    Args:
        stage: Counted from 0.
        stable: Images of each stable stage.
        transition: Images of each transition.
    """
    n_blocks = n_blocks_at(stage)
    return (stage - n_blocks + 2) * stable + (n_blocks - 1) * transition


def progress_at(n_images: int, n_blocks: int, stable: int, transition: int) -> float:
    """Say how far the growing is after a number of images.

    Args:
        n_images: Seen so far.
        n_blocks: Blocks that there are; progress ends at one less.
        stable: Images of each stable stage.
        transition: Images of each transition.

    Raises:
        ValueError: If a number makes no sense.
    """
    if n_images < 0 or n_blocks < 1 or stable < 1 or transition < 1:
        raise ValueError("n_images must be at least 0, the other numbers at least 1")
    last = n_blocks * stable + (n_blocks - 1) * transition - 1
    whole, within = divmod(min(n_images, last), stable + transition)
    return whole + max(0.0, (within - stable) / transition)


def progress_at_time(seconds: float, n_blocks: int, stage_ends: list[float]) -> float:
    """Say how far the growing is after a time, where stages last a time and not a number of images.

    Args:
        seconds: Since training began.
        n_blocks: Blocks that there are; progress ends at one less.
        stage_ends: When each stage ends; see `stage_end_seconds`.
    """
    transitions = zip(stage_ends[::2], stage_ends[1::2], strict=False)
    done = (min(1.0, max(0.0, (seconds - start) / (end - start))) for start, end in transitions)
    return min(sum(done), float(n_blocks - 1))


def stage_end_seconds(n_stages: int, limit: float, multiplier: float) -> list[float]:
    """Say when each stage ends: each lasts `multiplier` times as long as the one before.

    Args:
        n_stages: In all.
        limit: When the last one ends, in seconds.
        multiplier: 1 makes all as long.
    """
    lengths = [multiplier**stage for stage in range(n_stages)]
    unit = limit / sum(lengths)
    return [unit * sum(lengths[: stage + 1]) for stage in range(n_stages)]


def head_weight(block: int, progress: float) -> float:
    """Say how much a block's output counts in the generator's: over all blocks the sum is 1.

    Args:
        block: Counted from 1.
        progress: From 0 to one less than there are blocks.
    """
    return max(0.0, min(progress - (block - 2), block - progress))


def head_weights(
    config: NetworkConfig, stage: int, progress: float | None = None
) -> dict[int, float]:
    """Say how much the head of each of a generator's blocks counts.

    Args:
        config: The generator's.
        stage: The resolution that is wanted, counted from 1: higher blocks do not count.
        progress: Instead of the configuration's.

    Returns:
        The weights by the block's number, rising; the last block named is the last that need
        run. With the output "skip" all count in full.

    Raises:
        ValueError: If there is no head for this progress.
    """
    n_blocks = min(stage, len(config.channels))
    if config.output == "skip":
        return dict.fromkeys(range(config.first_head, n_blocks + 1), 1.0)
    progress = config.progress if progress is None else progress
    progress = n_blocks - 1 if progress is None else progress
    if not config.first_head - 1 <= progress <= n_blocks - 1:
        bounds = f"{config.first_head - 1}..{n_blocks - 1}"
        raise ValueError(f"progress must be {bounds}, not {progress:g}")
    weights = {number: head_weight(number, progress) for number in range(1, n_blocks + 1)}
    return {number: weight for number, weight in weights.items() if weight > 0}


def image_weight(block: int, progress: float) -> float:
    """Say how much of a discriminator block's input is the image itself; the rest comes from above.

    Args:
        block: Counted from 1.
        progress: From 0 to one less than there are blocks.
    """
    return min(1.0, max(0.0, block - progress))


def blend_resolutions(
    images: Tensor, progress: float, n_resolutions: int, upscaling: tuple[int, int] = (2, 2)
) -> Tensor:
    """Show real images as the generator's are at this point: as coarse, and as blended.

    Args:
        images: [batch, channel, time, freq], at the last resolution.
        progress: From 0 to `n_resolutions` - 1.
        n_resolutions: From the first block's to that of the images.
        upscaling: Factors along time and freq from one resolution to the next.

    Returns:
        [batch, channel, time, freq], the same size.

    Raises:
        ValueError: If there are too few resolutions for this progress.
    """
    if not 0 <= progress <= n_resolutions - 1:
        raise ValueError(f"progress must be 0..{n_resolutions - 1}, not {progress:g}")
    out = torch.zeros_like(images)
    for block in range(1, n_resolutions + 1):
        weight = head_weight(block, progress)
        if weight > 0:
            steps = n_resolutions - block
            factor = (upscaling[0] ** steps, upscaling[1] ** steps)
            out = out + weight * upscale(downscale(images, factor), factor)
    return out
