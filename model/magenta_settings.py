"""The settings of a GANSynth training, `experiment.json`, as far as playing needs them."""

import math
from pathlib import Path
from typing import Any

import msgspec

from .checkpoint import ModelError
from .config import MAXIMUM_BLOCKS
from .growth import progress_at, progress_at_time, stage_end_seconds

MAXIMUM_BYTES = 1_000_000


class MagentaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of a training, with the defaults that its code has for missing ones.

    Source: `magenta/models/gansynth/lib/model.py`, names and defaults.
    """

    data_type: str = "mel"
    audio_length: int = 64000
    sample_rate: int = 16000
    data_normalizer: str = "specgrams_prespecified_normalizer"
    mag_normalizer_a: float = 0.0661371661726
    mag_normalizer_b: float = 0.113718730221
    p_normalizer_a: float = 0.8
    p_normalizer_b: float = 0.0
    stable_stage_num_images: int = 32
    transition_stage_num_images: int = 32
    train_progressive: bool = True
    train_time_limit: float | None = None
    train_time_stage_multiplier: float = 1.0
    g_fn: str = "specgram"
    latent_vector_size: int = 256
    kernel_size: int = 3
    start_height: int = 4
    start_width: int = 8
    scale_mode: str = "ALL"
    scale_base: int = 2
    num_resolutions: int = 7
    simple_arch: bool = False
    to_rgb_activation: str = "tanh"

    @property
    def start(self) -> tuple[int, int]:
        """Time and freq of the first block."""
        return self.start_height, self.start_width


PUBLISHED = MagentaSettings(
    stable_stage_num_images=800_000,
    transition_stage_num_images=800_000,
    start_height=2,
    start_width=16,
)
"""`mel_prog_hires`, that of both published checkpoints."""


def read_settings(file: Path, name: str) -> tuple[MagentaSettings, frozenset[str]]:
    """Read the settings; unknown keys are passed over, missing ones get their defaults.

    Args:
        file: `experiment.json`: one flat object, or one whose `jobs` hold such objects by name.
        name: Of the training, to choose among jobs.

    Returns:
        The settings, and the names of those that the file does give.

    Raises:
        ModelError: If it can't be read, is no JSON object, or has a value of a wrong kind.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise ModelError(f'Could not read "{file}": {error.strerror}.') from error
    if len(text) > MAXIMUM_BYTES:
        raise ModelError(f'"{file}" is too large to be GANSynth\'s settings.')
    try:
        flags: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
        jobs = flags.get("jobs")
        if isinstance(jobs, dict) and jobs:
            job = jobs.get(name, next(iter(jobs.values())) if len(jobs) == 1 else None)
            if not isinstance(job, dict):
                raise ModelError(
                    f'"{file}" has settings for several trainings, but none called "{name}". '
                    "Name the checkpoint's folder as one of its jobs."
                )
            flags = job
        given = {key: value for key, value in flags.items() if value is not None}
        settings = msgspec.convert(given, MagentaSettings, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f'"{file}" is not GANSynth\'s settings: {error}. Fetch it again, or take it away: '
            "most of what it says is in the weights too."
        ) from error
    return settings, frozenset(given)


def progress_of(settings: MagentaSettings, n_blocks: int, n_images: int, seconds: float) -> float:
    """Say how far the growing has come: k - 1 where block k alone counts, between them a blend.

    Args:
        settings: Say how long the stages last, in images or in seconds.
        n_blocks: That the network has by now.
        n_images: Seen in training.
        seconds: Trained.
    """
    limit, multiplier = settings.train_time_limit, settings.train_time_stage_multiplier
    if limit is None:
        stable = max(settings.stable_stage_num_images, 1)
        transition = max(settings.transition_stage_num_images, 1)
        return progress_at(max(n_images, 0), n_blocks, stable, transition)
    n_stages = 2 * min(max(settings.num_resolutions, n_blocks), MAXIMUM_BLOCKS) - 1
    if not (0 < limit < math.inf and 1e-6 < multiplier < 1e6):
        return n_blocks - 1.0
    return progress_at_time(seconds, n_blocks, stage_end_seconds(n_stages, limit, multiplier))
