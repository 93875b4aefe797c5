"""What commands print, and how they end."""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import typer

DONE, FAILED, WRONG_USAGE = 0, 1, 2
PROGRESS_VARIABLE = "TIMBREPAD_PROGRESS"


def end(status: int, line: str) -> NoReturn:
    """Print a line on stderr and end the process."""
    print(" ".join(line.split()), file=sys.stderr)
    sys.exit(status)


def say(line: str = "") -> None:
    """Print a line."""
    print(line)


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    say(json.dumps(value, indent=2))


def say_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())


def _say_step(done: float, total: float, word: str = "") -> None:
    print(f"{done:.0f}/{total:.0f} {word}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress(title: str, unit: str = "") -> Iterator[Callable[[float, float, str], None]]:
    """Show a bar on stderr; gives a function of what is done, the whole, and a word beside it.

    With `PROGRESS_VARIABLE` set to "lines" each step is a line instead, "12/61 ...": the window
    asks for that, and draws a bar of its own.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[word]}"),
    )
    if os.environ.get(PROGRESS_VARIABLE) == "lines":
        yield _say_step
        return
    console = Console(stderr=True)
    quiet = not console.is_terminal  # in a file or a pipe a bar is only empty lines
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        task = bars.add_task(title, total=None, word=unit)

        def update(done: float, total: float, word: str = "") -> None:
            bars.update(task, completed=done, total=total, word=word)

        yield update


def say_ratio(seconds: float, took: float) -> None:
    """Say how fast a song was made."""
    times = f"{seconds / took:.1f} times as fast as it plays"
    notice(f"{duration(seconds)} of music in {duration(took)}: {times}.")


def megabytes(n_bytes: int) -> str:
    """Tell a size."""
    return f"{n_bytes / 1e6:,.0f} MB"


def duration(seconds: float) -> str:
    """Say a time in two units: "3 h 05 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def notice(line: str) -> None:
    """Print a line on stderr, beside what is asked for."""
    print(line, file=sys.stderr, flush=True)


def numbers(text: str, separator: str, option: str, n_numbers: int | None = None) -> list[int]:
    """Read whole numbers between separators; anything else is wrong usage."""
    try:
        numbers = [int(part) for part in text.split(separator)]
    except ValueError:
        numbers = []
    if not numbers or (n_numbers is not None and len(numbers) != n_numbers):
        raise typer.BadParameter(f'"{text}" is not what {option} takes.')
    return numbers


def say_figures(figures: dict[str, Any], json_: bool) -> None:
    """Print figures, as JSON or as a line each."""
    if json_:
        say_json(figures)
    else:
        say_table([(name, json.dumps(value)) for name, value in figures.items()])


@contextlib.contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """Give what is set by Ctrl-C or a polite kill, for work that stops at a good place.

    The second one ends it at once.
    """
    asked = threading.Event()
    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    former = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    def ask(*_: object) -> None:
        asked.set()
        restore()

    for number in numbers:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        restore()
