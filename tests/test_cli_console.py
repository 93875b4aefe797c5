"""How far a command is, told to a window that draws the bar itself."""

from cli.console import PROGRESS_VARIABLE, progress
from gui.presets.keep_bar import _STEP, PROGRESS


def test_each_step_is_a_line_for_a_window_that_asks_for_lines(monkeypatch, capsys):
    monkeypatch.setenv(PROGRESS_VARIABLE, "lines")
    with progress("Rendering Ash") as update:
        update(12, 61, "12 of 61 notes")
    assert capsys.readouterr().err == "12/61 12 of 61 notes\n"


def test_without_a_wish_a_pipe_gets_no_lines(monkeypatch, capsys):
    monkeypatch.delenv(PROGRESS_VARIABLE, raising=False)
    with progress("Rendering Ash") as update:
        update(12, 61, "12 of 61 notes")
    assert capsys.readouterr().err.strip() == ""


def test_the_window_asks_for_them_and_can_read_them():
    assert PROGRESS == {PROGRESS_VARIABLE: "lines"}
    step = _STEP.match("12/61 12 of 61 notes")
    assert step is not None
    assert step.groups() == ("12", "61")
