"""Presets of older versions, brought to the present layout one version at a time.

Works on what JSON gives, before anything is checked: the reader of presets says what is wrong.
"""

from collections.abc import Callable
from typing import Any

Table = dict[str, Any]

VERSION = 3


def migrate(table: Table) -> Table:
    """Give a preset's fields as version `VERSION` has them.

    Args:
        table: Of a preset whose version is 1 to `VERSION`; it stays as it is.
    """
    for version in range(table["version"], VERSION):
        table = {**_STEPS[version](table), "version": version + 1}
    return table


def _from_1(table: Table) -> Table:
    """Version 1 said the model in three fields among the others, and knew no licence."""
    names = {"model_name": "name", "model_hash": "hash", "latent_space": "latent_space"}
    model = {names[name]: table[name] for name in names if name in table}
    return {"model": model} | {name: value for name, value in table.items() if name not in names}


def _from_2(table: Table) -> Table:
    """Version 2 knew four corners only: points without a place are mixed as those were."""
    renamed = {"points" if name == "corners" else name: value for name, value in table.items()}
    points = renamed.get("points")
    if isinstance(points, list):
        renamed["points"] = [
            {**point, "place": None} if isinstance(point, dict) else point for point in points
        ]
    return renamed


_STEPS: dict[int, Callable[[Table], Table]] = {1: _from_1, 2: _from_2}
