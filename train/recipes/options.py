"""What a person says of a run on the command line, as settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from .adversarial_config import AdversarialConfig
from .config import RECIPES, AnyConfig, GANSynthConfig, TimbrepadConfig, decode_train_config
from .fine_tune import fine_tuning

_OF_MODEL = ("width", "latent_size", "representation")


def config_from_options(
    recipe: str | None = None,
    start: Path | None = None,
    batch: tuple[int, ...] | None = None,
    others: Sequence[str] = (),
    **settings: Any,
) -> AnyConfig:
    """Make a run's settings of what was said; the recipe has its own of all else.

    Args:
        recipe: A row of `RECIPES`; "warm-start" without it, "timbrepad" where there is a start.
        start: Folder of a model to begin with.
        batch: Notes a step: one number, or one for each resolution.
        others: Settings that have no option of their own, as "adversarial.loss=rpgan".
        settings: Of the recipe's configuration; None for what was not said.

    Raises:
        ValueError: If something makes no sense, or does not go with the rest.
        ModelError: If the model to begin with is none.
        TrainingError: If it can't be trained further.
    """
    recipe = recipe or ("timbrepad" if start else "warm-start")
    if recipe not in RECIPES:
        raise ValueError(f"--recipe must be one of {', '.join(RECIPES)}, not {recipe}")
    said = {name: value for name, value in settings.items() if value is not None}
    if start is None:
        return _with_others(_with_batch(RECIPES[recipe](**said), batch), others)
    if recipe != "timbrepad":
        raise ValueError("--from goes with the recipe timbrepad alone")
    of_model = [f"--{name.replace('_', '-')}" for name in _OF_MODEL if name in said]
    if of_model:
        raise ValueError(
            f"{', '.join(of_model)} can't be chosen with --from: the model has its own"
        )
    return _with_others(_with_batch(fine_tuning(start, **said), batch), others)


def _with_others(config: AnyConfig, others: Sequence[str]) -> AnyConfig:
    """Give settings with some of them replaced, each as "name=value" or "part.name=value"."""
    settings = msgspec.to_builtins(config)
    for other in others:
        name, separator, text = other.partition("=")
        *parts, last = name.split(".")
        section = settings
        for part in parts:
            section = section.get(part)
            if not isinstance(section, dict):
                break
        if not separator or not isinstance(section, dict) or last not in section:
            raise ValueError(f"{other} is no setting of the recipe {config.recipe}")
        try:
            section[last] = msgspec.json.decode(text)
        except msgspec.DecodeError:  # a word need not stand in quotation marks
            section[last] = text
    return decode_train_config(msgspec.json.encode(settings))


def _with_batch(config: AnyConfig, batch: tuple[int, ...] | None) -> AnyConfig:
    """Give settings with these batches in all parts of the recipe."""
    if batch is None:
        return config
    if len(batch) == 1 and not isinstance(config, GANSynthConfig):
        batch *= len(config.batch)
    changed: dict[str, Any] = {"batch": batch}
    if isinstance(config, TimbrepadConfig):
        part = {n: getattr(config.adversarial, n) for n in AdversarialConfig.__struct_fields__}
        changed["adversarial"] = AdversarialConfig(**part | {"batch": batch})
    own = {name: getattr(config, name) for name in config.__struct_fields__}
    return type(config)(**own | changed)
