"""A process's children, as Linux tells them: to measure and test with."""

import contextlib
from pathlib import Path


class NoRendererError(Exception):
    """A process has no renderer; the message says which."""


def children_of(process_id: int) -> list[int]:
    """List a process's children, theirs too."""
    text = ""
    with contextlib.suppress(FileNotFoundError):
        for task in Path(f"/proc/{process_id}/task").iterdir():
            text += (task / "children").read_text()
    children = [int(word) for word in text.split()]
    return children + [grandchild for child in children for grandchild in children_of(child)]


def renderer_of(process_id: int) -> int:
    """Find the renderer among a process's children: the one that has torch in its memory.

    Raises:
        NoRendererError: If there is none.
    """
    for child in children_of(process_id):
        with contextlib.suppress(FileNotFoundError):
            if "libtorch" in Path(f"/proc/{child}/maps").read_text():
                return child
    raise NoRendererError(f"Process {process_id} has no renderer")
