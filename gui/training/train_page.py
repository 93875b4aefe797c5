"""The page on which a model is trained: recordings, the doctor's verdict, the run, its model."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.bridge import Bridge
from gui.widgets import theme as themes
from gui.widgets.theme import Theme
from instrument import ModelInfo, PresetLibrary

from .own_sounds import own_sounds
from .run_view import RunView
from .train_form import TrainForm
from .train_words import BUTTONS, INTRODUCTION, TITLES, progress_words
from .training_files import TrainingFolder, list_trainings
from .training_job import RUNNING, TrainingJob
from .verdict_view import VerdictView

LOOK_MILLISECONDS = 1000
SIDE = 292
INTRODUCTION_MARGINS = (60, 20, 20, 60)
INTRODUCTION_WIDTH = 680


class TrainPage(QWidget):
    """Left what is asked for, right what came of it."""

    play_wanted = Signal()

    def __init__(
        self, job: TrainingJob, bridge: Bridge, library: PresetLibrary, theme: Theme
    ) -> None:
        """Build the page; nothing is read before it is shown.

        Args:
            job: Does the work.
            bridge: To the instrument, which plays the model.
            library: The player's presets, which a run renders with its notes.
            theme: The colours.
        """
        super().__init__()
        self.job, self._bridge, self._library = job, bridge, library
        self._has_sounds = False  # the run, as the presets are now
        job.setParent(self)
        self._notice = ""
        self._make_parts(theme)
        self._lay_out()
        job.state_changed.connect(self._show_state)
        job.noticed.connect(self._show_notice)
        bridge.model_changed.connect(lambda _model: self._look_for_models())
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look)
        self._show_state(job.state)

    def open_training(self, training: TrainingFolder | None) -> None:
        """Show a training that was begun before; None begins a new one."""
        self.run.compare.hear("")  # that was another run
        self._has_sounds = False
        self.job.open(training)
        self.form.show_plan(self.job.plan, has_begun=self._has_begun())
        self._list_trainings()

    def flip(self) -> None:
        """Hear the other one of the two models of the run that are compared.

        On the pad's page only where one of them is heard already: a stray key changes no model.
        """
        compare = self.run.compare
        if self.views.currentWidget() is self.run and (self.isVisible() or compare.heard):
            compare.flip()

    def renew_sounds(self) -> None:
        """Hand the run the player's presets anew: they have changed."""
        self._has_sounds = False

    def may_close(self, go_on: Callable[[], None]) -> bool:
        """Say whether the window may go; else ask, and call `go_on` when all is saved."""
        if not self.job.is_running:
            return True
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Timbrepad")
        box.setText("A model is being trained.")
        box.setInformativeText("It is saved first. The Train page goes on with it another time.")
        close = box.addButton("Save and close", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        close.clicked.connect(lambda: self._close_when_saved(go_on))
        box.open()
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """Look which trainings and models there are."""
        self._list_trainings()
        self._look_for_models()
        super().showEvent(event)

    def _make_parts(self, theme: Theme) -> None:
        self.form = TrainForm(theme)
        self.form.changed.connect(lambda: self._show_state(self.job.state))
        self.form.training_chosen.connect(self.open_training)
        self.title = QLabel()
        self.title.setFont(themes.font(themes.TITLE_PIXELS, bold=True))
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setAccessibleName("What the training is doing")
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("Progress")
        self.along = QCheckBox("Play along: open each newer model")
        self.along.setToolTip("What sounds is cross-faded; your points and presets stay")
        self.along.clicked.connect(lambda wanted: self.run.compare.hear("B" if wanted else ""))
        self.main = QPushButton()
        self.main.setDefault(True)
        self.main.clicked.connect(self._do_main)
        self.second = QPushButton()
        self.second.clicked.connect(self._do_second)
        self.play = QPushButton("Play it")
        self.play.clicked.connect(self._play)
        self.introduction = QLabel(INTRODUCTION)
        self.introduction.setWordWrap(True)
        self.introduction.setFont(themes.font(themes.LARGE_PIXELS))
        self.introduction.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.introduction.setContentsMargins(*INTRODUCTION_MARGINS)
        self.introduction.setMaximumWidth(INTRODUCTION_WIDTH)
        self.verdict = VerdictView(theme)
        self.run: RunView = RunView(theme)
        self.run.compare.changed.connect(self._follow)
        self.run.hear_wanted.connect(
            lambda wave: self._bridge.ask(lambda instrument: instrument.play_file(wave))
        )
        self.views = QStackedWidget()
        for view in (self.introduction, self.verdict, self.run):
            self.views.addWidget(view)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.main, self.second, self.play):
            buttons.addWidget(button)
        buttons.addStretch(1)
        side = QVBoxLayout()
        side.setContentsMargins(14, 12, 14, 12)
        side.setSpacing(9)
        side.addWidget(self.form)
        side.addSpacing(4)
        side.addWidget(self.title)
        side.addWidget(self.bar)
        side.addWidget(self.detail)
        side.addLayout(buttons)
        side.addWidget(self.along)
        side.addStretch(1)
        panel = QWidget()
        panel.setObjectName("panel")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        panel.setFixedWidth(SIDE)
        panel.setLayout(side)
        right = QVBoxLayout()
        right.setContentsMargins(16, 12, 16, 10)
        right.addWidget(self.views)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel)
        layout.addLayout(right, 1)

    # What the player does.

    def _do_main(self) -> None:
        state, training = self.job.state, self.job.training
        has_notes = training is not None and training.has_notes
        if state in {"training", "pausing", "finishing", "cutting", "checking"}:
            self.job.pause()
        elif state == "failed" and has_notes and self.job.verdict is None:
            self.job.open(training)
        elif has_notes:
            self.job.train(self.form.start.currentData() or "", self.form.limit.currentData())
        elif self.form.folder is not None:
            self.job.prepare(self.form.folder, self.form.model_name)

    def _do_second(self) -> None:
        self._look_for_models()
        self.job.finish()

    def _play(self) -> None:
        training, plan = self.job.training, self.job.plan
        if training is None or plan is None:
            return
        name = plan.kept or str(training.model)
        self.run.compare.hear("")
        self._bridge.ask(lambda instrument: instrument.load_model(name))
        self.play_wanted.emit()

    def _follow(self) -> None:
        """Let the instrument hear what is chosen: the newest model, an earlier one, or none."""
        training, compare = self.job.training, self.run.compare
        newest = str(training.run) if training is not None else ""
        folder = {"A": compare.earlier, "B": newest}.get(compare.heard, "")
        self.along.setChecked(compare.heard == "B")
        self._bridge.ask(lambda instrument: instrument.follow_run(folder))

    def _hand_over_sounds(self) -> None:
        """Let the run render the player's own presets that are of its latent space."""
        training = self.job.training
        if training is None or not training.latent_space:
            return
        self._has_sounds = True
        try:
            training.write_sounds(own_sounds(self._library, training.latent_space))
        except OSError as error:
            self._bridge.say(f"Your presets are not among the notes: {error.strerror}.")

    def _close_when_saved(self, go_on: Callable[[], None]) -> None:
        if self.job.state in {"training", "pausing", "finishing"}:
            self.job.state_changed.connect(lambda state: None if state in RUNNING else go_on())
            if self.job.state == "training":
                self.job.pause()
        else:
            self.job.end()
            go_on()

    # What there is to see.

    def _list_trainings(self) -> None:
        self.form.show_trainings(tuple(list_trainings(self.job.folder)), self.job.training)

    def _look_for_models(self) -> None:
        self._bridge.ask(lambda instrument: instrument.models(), self._show_models)

    def _show_models(self, models: tuple[ModelInfo, ...]) -> None:
        self.job.taken = tuple(model.name for model in models)
        plan = self.job.plan
        self.form.show_models(
            models, plan.start if plan is not None and self._has_begun() else None
        )

    def _has_begun(self) -> bool:
        return self.job.training is not None and self.job.training.n_examples > 0

    def _show_notice(self, line: str) -> None:
        self._notice = line
        if self.job.is_running:
            self._show_detail()

    def _show_state(self, state: str) -> None:
        job, training = self.job, self.job.training
        if state in {"cutting", "training"}:
            self._notice = ""
            self._list_trainings()
        is_new = training is None or not training.has_notes
        has_begun = training is not None and training.has_checkpoint
        is_idle = not job.is_running
        self.form.allow(
            new=is_new and is_idle,
            other=is_idle,
            start=is_idle and not is_new and not has_begun,
            limit=is_idle and not is_new,
        )
        is_short = job.verdict is not None and not job.verdict.is_enough
        self.title.setText("Not enough yet" if state == "checked" and is_short else TITLES[state])
        self._show_buttons(state, has_begun=has_begun)
        self._show_right(state)
        self._show_detail()
        if job.is_running:
            self._timer.start()
        else:
            self._timer.stop()

    def _show_buttons(self, state: str, *, has_begun: bool) -> None:
        job, training = self.job, self.job.training
        has_notes = training is not None and training.has_notes
        has_model = training is not None and training.has_model
        begin = "Resume" if has_begun else "Start training"
        words = begin if state in {"checked", "paused"} else BUTTONS.get(state, "")
        self.main.setText(words)
        self.main.setVisible(bool(words))
        can_train = job.verdict is None or job.verdict.is_enough
        self.main.setEnabled(can_train if has_notes else self.form.is_ready)
        if state == "finished" and training is not None:
            self.main.setVisible(not training.is_complete)
        self.second.setText("Finish" if state == "training" else "Keep it")
        self.second.setToolTip("Save, and bring the model in among the others")
        self.second.setVisible(state == "training" or (state == "paused" and has_model))
        self.play.setVisible(has_model and state in {"paused", "finished"})
        self.along.setVisible(has_notes and state != "checked")

    def _show_right(self, state: str) -> None:
        job, training = self.job, self.job.training
        if training is not None and (
            training.has_checkpoint or state in {"training", "pausing", "finishing"}
        ):
            self.run.follow(training, job.plan.start if job.plan is not None else "")
            self.views.setCurrentWidget(self.run)
        elif job.verdict is not None:
            self.verdict.show_verdict(job.verdict)
            self.views.setCurrentWidget(self.verdict)
        else:
            self.views.setCurrentWidget(self.introduction)

    def _look(self) -> None:
        if self.job.state in {"training", "pausing", "finishing"}:
            self.run.look()
            if not self._has_sounds:
                self._hand_over_sounds()
        self._show_detail()

    def _show_detail(self) -> None:
        job = self.job
        is_error = job.state == "failed"
        self.detail.setText(job.failure if is_error else self._detail())
        self.detail.setProperty("role", "error" if is_error else "caption")
        self.detail.style().polish(self.detail)
        last, training = self.run.last, job.training
        n_all = training.n_examples if training is not None else 0
        begun = last is not None and n_all > 0 and self.views.currentWidget() is self.run
        self.bar.setVisible(job.is_running or begun)
        if begun and last is not None:
            self.bar.setRange(0, n_all)
            self.bar.setValue(min(last.examples_seen, n_all))
        else:
            self.bar.setRange(0, 0)  # busy

    def _detail(self) -> str:
        job, last = self.job, self.run.last
        if job.state == "checked" and job.verdict is not None:
            return (
                "Begin with a model to be there sooner, with nothing for a sound of its own."
                if job.verdict.is_enough
                else "Record what is missing, then make a new training of the folder."
            )
        if job.state == "cutting" and job.training is not None:
            n_notes = job.training.n_cut
            return f"{n_notes} notes so far" if n_notes else self._notice
        if job.state == "finished" and job.plan is not None:
            kept = f"“{job.plan.kept}” is among the models now."
            n_all = job.training.n_examples if job.training is not None else 0
            if last is None or last.examples_seen >= n_all:
                return kept
            return f"{kept} It has seen {last.examples_seen:,} of {n_all:,} notes: more are better."
        if self.views.currentWidget() is not self.run:
            return self._notice
        if last is None:
            return self._notice or "Preparing: the first notes take a minute."
        n_all = job.training.n_examples if job.training is not None else 0
        return progress_words(last, n_all, is_running=job.state == "training")
