"""Which model plays a preset, and what the player is told when it is not the preset's own."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from instrument.values.status import ModelInfo, Timbre

from .preset import Preset

HASH_DIGITS = 8


class Choice(NamedTuple):
    """A model for a preset.

    Attributes:
        model: None where there is no model at all.
        told: A line for the player; "" when it plays as it was made.
        is_missing: Whether nothing akin to the preset's model is there.
    """

    model: ModelInfo | None
    told: str = ""
    is_missing: bool = False


def nearest_model(
    preset: Preset,
    models: Sequence[ModelInfo],
    present: ModelInfo | None,
    timbres_of: Callable[[ModelInfo], Sequence[Timbre]],
) -> Choice:
    """Find a preset's own model, else one of its latent space, its name, or its timbres by name.

    Args:
        preset: To be played.
        models: That are there.
        present: That is open: it stays where others would do no better.
        timbres_of: Reads a model's named timbres; asked only when nothing else tells.
    """
    for model in models:
        if model.hash == preset.model_hash:
            return Choice(model)
    kin = [model for model in models if preset.is_of_space(model.latent_space)]
    for model in (*kin, *models):
        if model.name == preset.model_name:
            if model in kin:
                return Choice(model)
            return Choice(
                model,
                f'"{preset.name}" was made with another version of the model "{model.name}": '
                "it plays this one's timbres of the same names.",
            )
    if kin:
        return Choice(kin[0], _told(preset, kin[0], "which has the same latent space"), True)
    wanted = {corner.timbre.casefold() for corner in preset.corners if corner.timbre}
    candidates = [present, *models] if present is not None else list(models)
    if not preset.model_name or not candidates:
        return Choice(candidates[0] if candidates else None)
    known = [len(wanted & {t.name.casefold() for t in timbres_of(model)}) for model in candidates]
    place = known.index(max(known))
    words = f"which has {known[place]} of its {len(wanted)} timbres by name"
    return Choice(candidates[place], _told(preset, candidates[place], words), True)


def _told(preset: Preset, instead: ModelInfo, why: str) -> str:
    identity = f" ({preset.model_hash[:HASH_DIGITS]})" if preset.model_hash else ""
    return (
        f'"{preset.name}" was made with the model "{preset.model_name}"{identity}, which is not '
        f'here. It plays with "{instead.name}", {why}.'
    )
