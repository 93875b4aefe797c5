"""Watches the folder of a training run for the model that it writes anew from time to time."""

from pathlib import Path

from instrument.presets.models import CONFIG_FILE, WEIGHTS_FILE

MODEL_FOLDER = "model"


class RunFollower:
    """Says when a run has published another model than before."""

    def __init__(self, run: Path) -> None:
        """Follow a run, which need not have published anything yet.

        Args:
            run: The run's folder, or the folder of a model that is written anew.
        """
        self._run = run
        self._seen: tuple[int, ...] = ()

    def newer(self) -> Path | None:
        """Give the model's folder where it is newer than at the last call, else None.

        The trainer puts a whole folder in the place of the former; between the two there is
        none, which is no news.
        """
        own = self._run / CONFIG_FILE, self._run / WEIGHTS_FILE
        folder = self._run if all(file.is_file() for file in own) else self._run / MODEL_FOLDER
        try:
            states = [(folder / name).stat() for name in (CONFIG_FILE, WEIGHTS_FILE)]
        except OSError:
            return None
        stamp = tuple(n for state in states for n in (state.st_mtime_ns, state.st_size))
        if stamp == self._seen:
            return None
        self._seen = stamp
        return folder
