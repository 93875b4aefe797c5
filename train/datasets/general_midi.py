"""General MIDI programs: which NSynth family each is of, and which have no pitch to learn."""

import re

DRUM_BANK = 128

# First and last program, family. What is in no row is unpitched or an effect: timpani 47,
# orchestra hit 55, agogo 113, woodblock to synth drum 115-118, and the effects 119-127.
_FAMILY_OF_PROGRAMS = (
    (0, 7, "keyboard"),
    (8, 15, "mallet"),
    (16, 20, "organ"),
    (21, 23, "reed"),
    (24, 31, "guitar"),
    (32, 39, "bass"),
    (40, 46, "string"),
    (48, 51, "string"),
    (52, 54, "vocal"),
    (56, 63, "brass"),
    (64, 71, "reed"),
    (72, 79, "flute"),
    (80, 84, "synth_lead"),
    (85, 85, "vocal"),
    (86, 90, "synth_lead"),
    (91, 91, "vocal"),
    (92, 103, "synth_lead"),
    (104, 107, "guitar"),
    (108, 108, "mallet"),
    (109, 109, "reed"),
    (110, 110, "string"),
    (111, 111, "reed"),
    (112, 112, "mallet"),
    (114, 114, "mallet"),
)

# "Violin Expr." is Violin with its loudness on a controller: the same sound at rest.
_EXPRESSION_TWIN = re.compile(r"\bexpr\b", re.IGNORECASE)
_DRUM_KIT = re.compile(r"\b(kit|drum ?kit|drumset|sfx)\b", re.IGNORECASE)


def family(program: int) -> str | None:
    """Return the NSynth family of a program 0 to 127, or None if it has no pitch to learn."""
    for first, last, name in _FAMILY_OF_PROGRAMS:
        if first <= program <= last:
            return name
    return None


def reason_to_leave_out(bank: int, program: int, name: str) -> str | None:
    """Say why a preset is no pitched instrument, judging by its numbers and its name.

    Returns:
        The reason in a few words, or None if it is worth listening to.
    """
    if bank == DRUM_BANK or _DRUM_KIT.search(name):
        return "drums or effects"
    if family(program) is None:
        return "unpitched program"
    if _EXPRESSION_TWIN.search(name):
        return "twin with expression control"
    return None
