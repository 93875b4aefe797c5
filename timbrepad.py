"""The command line: hands each subcommand to the folder that does it.

Each command loads only what it needs, and that inside itself: `timbrepad --help` loads neither
numba nor torch nor Qt.
"""

import importlib.metadata
import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.core import TyperGroup

from cli import (
    bench,
    data,
    devices,
    doctor,
    evaluate,
    export,
    match,
    models,
    note,
    play,
    presets,
    render,
    train,
)
from cli.console import DONE, FAILED, WRONG_USAGE, end, say

if TYPE_CHECKING:
    pass


# The modules that define the errors whose message is meant for the player.
_ERRORS = (
    ("instrument.presets.preset", "PresetError"),
    ("instrument.values.midi_map", "MidiMapError"),
    ("instrument.engine.pool", "PoolError"),
    ("instrument.presets.models", "ModelLibraryError"),
    ("instrument.devices.audio", "DeviceError"),
    ("instrument.benchmarks.key_probe", "BenchError"),
    ("instrument.benchmarks.jack_dummy", "JackServerError"),
    ("instrument.songs.offline", "WaveError"),
    ("instrument.notes.kept_keyboards", "KeptError"),
    ("instrument.notes.renderer_client", "RendererError"),
    ("instrument.remote", "RemoteError"),
    ("instrument.export.sampled", "ExportError"),
    ("instrument.storage.folder", "FolderError"),
    ("instrument.notes.recorded_note", "RecordedNoteError"),
    ("instrument.values.scala", "TuningError"),
    ("instrument.songs.song", "SongError"),
    ("model.device", "DeviceMissingError"),
    ("model.gansynth", "ModelError"),
    ("train.evaluation.classifier", "ClassifierError"),
    ("train.evaluation.evaluate", "EvaluationError"),
    ("train.recipes.errors", "TrainingError"),
    ("train.datasets.notes", "DatasetError"),
)


class _PlayByDefault(TyperGroup):
    """Takes `timbrepad --preset X` for `timbrepad play --preset X`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "--version"}):
            args = ["play", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_PlayByDefault, add_completion=False, rich_markup_mode=None, no_args_is_help=False
)
for command in (play, note, render, export, match, train, evaluate, devices, doctor):
    app.add_typer(command.app)
for group in (presets, models, data, bench):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


def main() -> None:
    """Run the command line; ends the process with 0 (done), 1 (failed) or 2 (wrong usage)."""
    # The bases of typer.BadParameter: those of the click that this typer brings or needs.
    usage_error, click_error = cast("list[type[Any]]", typer.BadParameter.__mro__[1:3])
    try:
        status = app(standalone_mode=False)
    except usage_error as error:
        where = getattr(getattr(error, "ctx", None), "command_path", "timbrepad")
        end(WRONG_USAGE, f"{error.format_message().rstrip('.')}. Try: {where} --help")
    except click_error as error:
        end(FAILED, error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        end(130, "Stopped.")
    except BrokenPipeError:  # `timbrepad ... | head` has read enough
        sys.stderr.close()
        sys.exit(DONE)
    except Exception as error:
        if not isinstance(error, _expected_errors()):
            raise
        end(FAILED, str(error))
    sys.exit(status if isinstance(status, int) else DONE)


def _expected_errors() -> tuple[type[BaseException], ...]:
    """Give the errors that say what to do, from the modules that are loaded."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _ERRORS)
    return (OSError, *(error for error in found if error is not None))


def _version(wanted: bool) -> None:
    if wanted:
        say(f"timbrepad {importlib.metadata.version('timbrepad')}")
        raise typer.Exit


@app.callback()
def timbrepad(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Timbrepad, a neural instrument to play live. Without a command it opens the window."""


if __name__ == "__main__":
    main()
