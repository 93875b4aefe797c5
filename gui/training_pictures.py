"""`python -m gui.training_pictures RECORDINGS FOLDER`: pictures of the Train page at work.

The training is a real one and begins with the bundled model; it takes as long as `--minutes` says,
and some minutes more where the machine is slow. Two presets of a player's are among its notes.
What came of it is also shown in the smallest window and in light colours. Nothing is shown on the
screen.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from instrument import InstrumentOptions, MovePad, PresetLibrary

from .app import make_application, make_window, starter
from .bridge import Bridge
from .main_window import MINIMUM_SIZE, MainWindow
from .pictures import wait, wait_until

SIZE = (1280, 800)
PRESETS = {"Dark corner": (0.1, 0.15), "Between them": (0.5, 0.6)}
READY_SECONDS = 300.0
EARLY = 0.75  # of the time until the picture of the run


def take_training_pictures(
    window: MainWindow, recordings: Path, folder: Path, *, minutes: float
) -> tuple[Path, ...]:
    """Train on recordings in a window that plays, and take a picture of each state.

    Args:
        window: With an instrument that is ready.
        recordings: A folder of them.
        folder: Where the pictures go; made when it is not there.
        minutes: Of training.

    Returns:
        The files, in the order they were taken.

    Raises:
        OSError: If a picture can't be written.
        RuntimeError: If the training fails; its line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, job = window.train, window.train.job

    def wait_for(*states: str, seconds: float = READY_SECONDS) -> None:
        wait_until(lambda: job.state in {*states, "failed"}, seconds)
        if job.state not in states:
            raise RuntimeError(job.failure or f"The training is still {job.state}.")

    window.show_train_page()
    page.form.choose_source(str(recordings))
    page.main.click()
    wait_for("checked")
    taken = [_take(window, folder / "train-verdict.png")]
    page.main.click()
    wait_until(lambda: bool(page.run.players) or job.state == "failed", READY_SECONDS)
    wait_until(lambda: job.state != "training", 60 * minutes * EARLY)
    wait_for("training")
    taken.append(_take(window, folder / "train-run.png"))
    wait_until(lambda: job.state != "training", 60 * minutes * (1 - EARLY))
    job.finish()
    wait_for("finished")
    taken.append(_take(window, folder / "train-finished.png"))
    compare = page.run.compare
    compare.slider.setValue(compare.slider.maximum() // 2)
    compare.hear("A")
    taken.append(_take(window, folder / "train-compare.png"))
    window.resize(*MINIMUM_SIZE)
    taken.append(_take(window, folder / "train-small.png"))
    compare.hear("")
    return tuple(taken)


def take_light_picture(window: MainWindow, folder: Path) -> Path:
    """Take a picture of the training that was begun last, in a window of other colours."""
    window.show_train_page()
    form = window.train.form
    wait_until(lambda: form.trainings.count() > 1, READY_SECONDS)
    window.train.open_training(form.trainings.itemData(1))
    window.train.run.compare.hear("B")
    return _take(window, folder / "train-light.png")


def save_preset(window: MainWindow, bridge: Bridge, name: str, x: float, y: float) -> None:
    """Save a place on the pad, as a player would."""
    bridge.post(MovePad(x=x, y=y))
    window.actions_of_presets.save_as(name)
    wait_until(lambda: bridge.status.preset_name == name, READY_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures with the bundled model, and with no files of the player's."""
    parser = argparse.ArgumentParser(prog="python -m gui.training_pictures", description=__doc__)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    asked = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application()
    with tempfile.TemporaryDirectory() as data:
        options = InstrumentOptions(data_folder=data, remember=False)
        library = PresetLibrary(Path(data) / "presets")
        try:
            with _window(options, library, "dark") as (window, bridge):
                for name, (x, y) in PRESETS.items():
                    save_preset(window, bridge, name, x, y)
                files = take_training_pictures(
                    window, asked.recordings, asked.folder, minutes=asked.minutes
                )
            with _window(options, library, "light") as (window, _):
                files += (take_light_picture(window, asked.folder),)
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    sys.stdout.writelines(f"{file}\n" for file in files)
    return 0


@contextlib.contextmanager
def _window(
    options: InstrumentOptions, library: PresetLibrary, theme: str
) -> Iterator[tuple[MainWindow, Bridge]]:
    """Open a window whose instrument has its model, and close it."""
    trainings = Path(options.data_folder) / "training"
    window, bridge = make_window(starter(options), library, theme=theme, trainings=trainings)
    window.resize(*SIZE)
    window.show()
    try:
        wait_until(lambda: bridge.status.model is not None, READY_SECONDS)
        window.show_train_page()
        wait_until(lambda: window.train.form.start.count() > 1, READY_SECONDS)
        yield window, bridge
    finally:
        window.train.job.end()
        window.close_for_good()
        bridge.end()


def _take(window: MainWindow, file: Path) -> Path:
    while window.notices.unseen:  # of what this machine has not
        window.notices.put_away()
    wait(0.5)
    if not window.grab().save(str(file)):
        raise OSError(f"Could not write {file}. Choose another folder.")
    return file


if __name__ == "__main__":
    sys.exit(main())
