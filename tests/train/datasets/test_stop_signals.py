"""Ctrl-C, a polite kill and Windows' Ctrl-Break; the last under the name of another signal here."""

import os
import signal

import pytest

from cli.console import asked_to_stop
from train.datasets.stop_signals import leave_to_the_first


@pytest.fixture
def windows(monkeypatch):
    """Let SIGUSR1 be Windows' SIGBREAK."""
    if not hasattr(signal, "SIGUSR1"):
        pytest.skip("this system has the real one, and no way to send it")
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    former = [(number, signal.getsignal(number)) for number in numbers]
    yield
    for number, handler in former:
        signal.signal(number, handler)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGBREAK"])
def test_a_run_is_asked_to_stop_by_every_signal_that_means_it(windows, name):
    with asked_to_stop() as asked:
        os.kill(os.getpid(), getattr(signal, name))
        assert asked.is_set()


@pytest.mark.parametrize("name", ["SIGINT", "SIGBREAK"])
def test_a_helper_leaves_to_the_first_what_a_terminal_tells_all(windows, name):
    leave_to_the_first()
    assert signal.getsignal(getattr(signal, name)) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN
