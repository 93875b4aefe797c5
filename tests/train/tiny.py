"""Tiny runs of every recipe, at a width at which a step takes a few milliseconds."""

from typing import Any

from train.recipes.adversarial_config import AdversarialConfig
from train.recipes.config import AnyConfig, GANSynthConfig, TimbrepadConfig, WarmStartConfig

CHANNELS = (16, 16, 16, 16, 8, 4, 4)
"""Of the width "tiny"; see `tiny_width` in `conftest.py`."""

LOSSES = ("logistic", "rpgan", "wgan-gp")
RECIPES = ("warm-start", *LOSSES, "gansynth", "gansynth-M20hn")

_SMALL: dict[str, Any] = {
    "width": "tiny",
    "latent_size": 8,
    "workers": 1,
    "precision": "float32",
    "compiled": False,
}
_LOW = (1.0, 0.0, 0.0, 0.0)
_BATCH = (4, 4, 4, 4)


def tiny_config(recipe: str, **settings: Any) -> AnyConfig:
    """Make a run's settings; 16x128 is its highest resolution, but where the networks grow."""
    own = _SMALL | settings
    match recipe:
        case "warm-start":
            return WarmStartConfig(**{"examples": 8, "batch": _BATCH, "stage_shares": _LOW} | own)
        case "gansynth":
            return GANSynthConfig(**{"examples": 52, "batch": (4,)} | own)
        case "gansynth-M20hn":
            return tiny_config("gansynth", representation="M20hn", **settings)
    part = AdversarialConfig(
        loss=recipe, batch=_BATCH, stage_shares=_LOW, penalty_every=2, ema_examples=8
    )
    return TimbrepadConfig(
        **{
            "examples": 48,
            "warm_share": 0.25,
            "batch": _BATCH,
            "stage_shares": _LOW,
            "noise": recipe == "logistic",
            "adversarial": part,
        }
        | own
    )
