"""What helper processes do with the signals that ask a program to stop."""

import signal

_OF_A_TERMINAL = ("SIGINT", "SIGBREAK")  # Ctrl-C, and Windows' Ctrl-Break


def leave_to_the_first() -> None:
    """Let Ctrl-C pass: it reaches every process of a terminal, and the first decides for all."""
    for name in _OF_A_TERMINAL:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
