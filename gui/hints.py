"""What to tell a player who can't hear or play yet, and what may be worth trying otherwise."""

import string
from collections.abc import Callable
from typing import NamedTuple

from instrument import TARGETS, Status


class Hint(NamedTuple):
    """One helpful line.

    Attributes:
        title: What is the matter, in a few words.
        text: What to do about it.
        action: What the button does: "restart", "audio", "midi", "model"; "" for no button.
        button: The button's text.
    """

    title: str
    text: str
    action: str = ""
    button: str = ""


_STARTING = Hint("Starting the instrument…", "The window is ready; sound comes in a moment.")
_STOPPED = Hint(
    "The instrument has stopped",
    "Nothing you made is lost: start it again and go on.",
    "restart",
    "Start again",
)
_FAILED = Hint(
    "The model can't make notes",
    "Choose another model. Notes that are made already can still be played.",
    "model",
    "Choose a model",
)
_NO_MODEL = Hint(
    "No model is open",
    "A model makes the notes. Choose one of those that are installed, or import one.",
    "model",
    "Choose or import",
)
_LOADING = Hint("Loading the model…", "The first notes follow within seconds.")
_RESTARTING = Hint(
    "Starting the renderer again…", "It stopped. What is made already goes on sounding."
)
_NO_SOUND = Hint(
    "No sound output",
    "Connect one or choose another. Everything else works: sounds can be made and saved.",
    "audio",
    "Audio settings",
)

# The first that applies is shown on the pad.
_TROUBLES: tuple[tuple[Callable[[str, Status], bool], Hint], ...] = (
    (lambda state, status: "stopped" in (state, status.renderer), _STOPPED),
    (lambda state, _: state == "starting", _STARTING),
    (lambda _, status: status.renderer == "failed" and status.model is not None, _FAILED),
    (lambda _, status: status.renderer == "failed", _NO_MODEL),
    (lambda _, status: status.renderer == "restarting", _RESTARTING),
    (lambda _, status: status.renderer == "starting", _LOADING),
    (lambda _, status: status.model is None, _NO_MODEL),
    (lambda _, status: not status.audio.running, _NO_SOUND),
)

TIPS = (  # {name} stands for the keys of an action, whatever the player has made them
    "Drag the white finger, or move it with the arrow keys",
    "{palette} finds every command; {undo} takes back whatever you did",
    "{trail} shows the trail of your last sounds: walk back to any of them",
    "Play with A W S E D F; Z and X change the octave",
    "Drop a timbre from the left anywhere onto the pad",
    "Click a preset to try it: Esc brings your sound back, Enter keeps the new one",
    "{map} shows all presets on a map by sound, {breed} breeds children of yours",
    "Lock the points you like, then re-roll the others",
    "Double click a knob for its default; Ctrl turns it finely",
    "Right click a knob or the pad to move it by a MIDI controller",
)
_NO_MIDI_TIP = "No MIDI keyboard: plug one in at any time, or play with A W S E D F"


def trouble(state: str, status: Status) -> Hint | None:
    """Give what keeps the player from playing, or None."""
    for applies, hint in _TROUBLES:
        if applies(state, status):
            return hint
    return None


def with_keys(text: str, keys: Callable[[str], str]) -> str:
    """Put the keys of actions into a text; "" when one of them has none.

    Args:
        text: With {name} where the keys of the action `name` shall stand.
        keys: Gives the keys of an action, "" for none.
    """
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    found = {name: keys(name) for name in names}
    return text.format(**found) if all(found.values()) else ""


def tip(
    state: str, status: Status, turn: int, keys: Callable[[str], str] = lambda name: name
) -> tuple[str, str]:
    """Give the line at the bottom, and the page of the settings that helps or "".

    Args:
        state: Of the bridge.
        status: Of the instrument.
        turn: Chooses among the tips that always hold.
        keys: Gives the keys of an action; a tip about one that has none is left out.
    """
    if state != "playing":
        return "", ""
    if status.learning:
        return f"Move a MIDI controller for {TARGETS[status.learning]}; Esc stops", ""
    if not status.midi_inputs and turn % 2 == 0:
        return _NO_MIDI_TIP, "midi"
    shown = (with_keys(TIPS[(turn + i) % len(TIPS)], keys) for i in range(len(TIPS)))
    return next(filter(None, shown), ""), ""
