"""JSON as people read and compare it: a field a line, a list of numbers on one line."""

from typing import Any

import msgspec

INDENT = "  "


def to_lines(value: Any) -> bytes:
    """Write plain values as JSON, UTF-8, with a line break at the end.

    A change of one number changes one line, so that two texts can be compared by any tool.

    Args:
        value: Of dicts, lists, texts, numbers, booleans and None, as JSON has them.
    """
    return _lines(value, "").encode() + b"\n"


def _lines(value: Any, margin: str) -> str:
    inner = margin + INDENT
    if isinstance(value, dict) and value:
        fields = [f"{inner}{_plain(key)}: {_lines(value[key], inner)}" for key in value]
        return "{\n" + ",\n".join(fields) + f"\n{margin}}}"
    if isinstance(value, list | tuple) and value and not _is_short(value):
        items = [inner + _lines(item, inner) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{margin}]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    return _plain(value)


def _is_short(values: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list goes on one line: of numbers or words, not of what has parts itself."""
    return not any(isinstance(value, dict | list | tuple) for value in values)


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()
