"""A training from recordings to a model, step by step in processes of their own."""

import time
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from gui.commands.command_process import COMMAND, CommandProcess

from .training_files import TrainingFolder, TrainingPlan, Verdict, free_folder

ALMOST_SECONDS = 2.0  # less than this is no time left

RUNNING = frozenset({"cutting", "checking", "training", "pausing", "finishing", "keeping"})


class TrainingJob(QObject):
    """Cuts recordings into notes, has them looked over, trains, brings the model in.

    Attributes:
        state: "empty"; "cutting", "checking"; "checked"; "training", "pausing", "finishing";
            "paused"; "keeping"; "finished"; "failed".
        training: The folder of the training that is open, or None.
        plan: What is asked for, or None.
        verdict: What the doctor says, or None.
        failure: Why it failed, in a line.
        taken: Names that the model can't have.
    """

    state_changed = Signal(str)
    noticed = Signal(str)

    def __init__(
        self, folder: Path, command: Sequence[str] = COMMAND, parent: QObject | None = None
    ) -> None:
        """Make a job that does nothing yet.

        Args:
            folder: Where trainings lie, in the folder of the player's files.
            command: The command line.
            parent: In Qt's tree.
        """
        super().__init__(parent)
        self.folder = folder
        self.state = "empty"
        self.training: TrainingFolder | None = None
        self.plan: TrainingPlan | None = None
        self.verdict: Verdict | None = None
        self.failure = ""
        self.taken: Collection[str] = ()
        self._began = 0.0
        self._process = CommandProcess(
            command, {"TIMBREPAD_DATA_DIR": str(folder.parent.absolute())}, self
        )
        self._process.noticed.connect(self.noticed)
        self._process.ended.connect(self._ended)

    @property
    def is_running(self) -> bool:
        """Whether a process works."""
        return self.state in RUNNING

    @property
    def pid(self) -> int:
        """The number of the process, 0 without one."""
        return self._process.pid

    def open(self, training: TrainingFolder | None) -> None:
        """Take up a training where its files say that it was left; None begins a new one."""
        if self.is_running:
            return
        self.training, self.failure = training, ""
        self.plan = training.plan() if training is not None else None
        self.verdict = training.verdict() if training is not None else None
        if training is None or self.plan is None or not training.has_notes:
            self._set_state("empty")
        elif self.verdict is None:
            self._check()
        elif not training.has_checkpoint:
            self._set_state("checked")
        else:
            self._set_state("finished" if self.plan.kept else "paused")

    def prepare(self, source: Path, name: str) -> None:
        """Cut the notes of a folder of recordings, and have them looked over."""
        if self.is_running:
            return
        plan = TrainingPlan(name=name, source=str(source))
        if self.training is None or self.training.has_notes or self.plan != plan:
            self.open(None)
            self.training = free_folder(self.folder, name)
        if self._write(plan):
            self._run("cutting", "data", "folder", str(source), str(self.training.notes))

    def train(self, start: str, minutes: int) -> None:
        """Start training, or go on with it.

        Args:
            start: Folder of the model to begin with, "" for none; counts at the beginning only.
            minutes: Of training in all; 0 is until the recipe's end.
        """
        training, plan = self.training, self.plan
        if self.is_running or training is None or plan is None:
            return
        if training.has_checkpoint:
            start = plan.start
        if not self._write(msgspec.structs.replace(plan, start=start, minutes=minutes)):
            return
        assert self.plan is not None
        options = ["--run", str(training.run), "--name", plan.name]
        options += ["--from", start] if start else []
        left = self.plan.seconds_left
        if left is not None:
            options += ["--seconds", f"{max(left, 0.0):.0f}"]
        self._began = time.monotonic()
        self._run("training", "train", str(training.notes), *options)

    def pause(self) -> None:
        """Let the run save and stop; a second time stops at once, at its last checkpoint."""
        self._stop("pausing")

    def finish(self) -> None:
        """Let the run save and stop, and bring its model in as it is then."""
        if self.state in {"paused", "finished"}:
            self._keep()
        else:
            self._stop("finishing")

    def end(self) -> None:
        """Save and stop now, for the window is going; waits for it."""
        if not self.is_running:
            return
        state = self.state
        self._process.end()
        if state in {"training", "pausing", "finishing"}:
            self._count_seconds()
            self._set_state("paused")
        elif state == "keeping":
            self._kept(-1, "")
        else:
            self._fail("It was stopped.")

    def _stop(self, state: str) -> None:
        if self.state in {"training", "pausing", "finishing"}:
            self._set_state(state)
            self._process.ask_to_end()
        elif self.state in {"cutting", "checking"}:
            self._process.ask_to_end()

    def _run(self, state: str, *arguments: str) -> None:
        self.failure = ""
        self._set_state(state)
        self._process.start(*arguments)

    def _check(self) -> None:
        assert self.training is not None
        self._run("checking", "data", "check", str(self.training.notes), "--json")

    def _keep(self) -> None:
        assert self.training is not None
        assert self.plan is not None
        name = _free_name(self.plan.name, self.taken)
        if self._write(msgspec.structs.replace(self.plan, kept=name)):
            self._run("keeping", "models", "import", str(self.training.model), "--name", name)

    def _ended(self, status: int, output: str, line: str) -> None:
        if self.state == "cutting":
            self._cut(line)
        elif self.state == "checking":
            self._checked(output, line)
        elif self.state == "keeping":
            self._kept(status, line)
        else:
            self._trained(status, line)

    def _cut(self, line: str) -> None:
        assert self.training is not None
        if self.training.has_notes:  # what had to be left out has been said line by line
            self._check()
        else:
            self._fail(line or "Cutting the notes was stopped.")

    def _checked(self, output: str, line: str) -> None:
        assert self.training is not None
        try:
            self.verdict = self.training.write_verdict(output)
        except msgspec.DecodeError:
            self._fail(line or "Looking over the notes was stopped.")
        except OSError as error:
            self._fail(f"Could not write {self.training.path}: {error.strerror}.")
        else:
            self._set_state("checked")

    def _trained(self, status: int, line: str) -> None:
        assert self.training is not None
        assert self.plan is not None
        asked = self.state
        self._count_seconds()
        left = self.plan.seconds_left
        is_over = left is not None and left < ALMOST_SECONDS
        if status != 0 and asked == "training":
            self._fail(line or "Training was ended from outside. Resume goes on with it.")
        elif status != 0:  # stopped at once
            self._set_state("paused" if self.training.has_checkpoint else "checked")
        elif asked == "pausing" or not self.training.has_model:
            self._set_state("paused")
        elif asked == "finishing" or is_over or self.training.is_complete:
            self._keep()
        else:
            self._set_state("paused")

    def _kept(self, status: int, line: str) -> None:
        assert self.plan is not None
        if status == 0:
            self.taken = {*self.taken, self.plan.kept}
            self._set_state("finished")
        elif self._write(msgspec.structs.replace(self.plan, kept="")):
            self._fail(line or "The model was not brought in. Try again.")

    def _count_seconds(self) -> None:
        assert self.plan is not None
        spent = self.plan.seconds_spent + time.monotonic() - self._began
        self._write(msgspec.structs.replace(self.plan, seconds_spent=round(spent, 1)))

    def _write(self, plan: TrainingPlan) -> bool:
        assert self.training is not None
        self.plan = plan
        try:
            self.training.write_plan(plan)
        except OSError as error:
            self._fail(f"Could not write {self.training.path}: {error.strerror}.")
            return False
        return True

    def _fail(self, line: str) -> None:
        self.failure = line
        self._set_state("failed")

    def _set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit(state)


def _free_name(name: str, taken: Collection[str]) -> str:
    """Give a name that no model has: with a number behind it where there must be one."""
    names = {other.casefold() for other in taken}
    free, number = name, 1
    while free.casefold() in names:
        number += 1
        free = f"{name} {number}"
    return free
