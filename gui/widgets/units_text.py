"""Values as a player reads them: a number with its unit, in as few letters as will do."""

from instrument import Parameter

MINUS = "\N{MINUS SIGN}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
DASH = "\N{EN DASH}"
NOTE_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def note_name(note: int) -> str:
    """Give a note's name; 60 is C4."""
    return f"{NOTE_NAMES[note % 12]}{note // 12 - 1}"


def value_text(parameter: Parameter, value: float) -> str:
    """Give a parameter's value with its unit, or the name of what is chosen."""
    if parameter.choices:
        return parameter.choices[round(value)]
    return _TEXTS.get(parameter.unit, _plain)(value)


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _decibels(value: float) -> str:
    return f"{signed(value, 1)} dB"


def _seconds(value: float) -> str:
    if value < 0.9995:
        return f"{1000 * value:.{1 if value < 0.00995 else 0}f} ms"
    return f"{value:.{2 if value < 9.995 else 1}f} s"


def _hertz(value: float) -> str:
    if value < 99.95:
        return f"{value:.{2 if value < 0.995 else 1}f} Hz"
    return (
        f"{value:.0f} Hz" if value < 999.5 else f"{value / 1000:.{2 if value < 9995 else 1}f} kHz"
    )


def _pan(value: float) -> str:
    place = round(100 * value)
    return "centre" if place == 0 else f"{abs(place)} {'left' if place < 0 else 'right'}"


def _cents(value: float) -> str:
    return f"{signed(value, 0)} ct"


def _semitones(value: float) -> str:
    return f"{signed(value, 1)} st".replace(".0 ", " ")


def _octaves(value: float) -> str:
    return f"{signed(value, 1)} oct".replace(".0 ", " ")


def _tempo(value: float) -> str:
    return f"{value:.1f} bpm".replace(".0 ", " ")


def _beats(value: float) -> str:
    return f"{value:.0f} beat{'' if round(value) == 1 else 's'}"


def _sigma(value: float) -> str:
    text = signed(value, 1)
    return f"{'+' if value > 0 else ''}{text} {SIGMA}" if text != "0.0" else "0"


def _count(value: float) -> str:
    return f"{value:.0f}"


def _plain(value: float) -> str:
    return f"{value:.2f}"


def signed(value: float, digits: int) -> str:
    """Write a number with a true minus sign, and zero without one."""
    rounded = round(value, digits)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):.{digits}f}"


_TEXTS = {
    "": _percent,
    "dB": _decibels,
    "s": _seconds,
    "Hz": _hertz,
    "pan": _pan,
    "cents": _cents,
    "semitones": _semitones,
    "octaves": _octaves,
    "count": _count,
    "bpm": _tempo,
    "beats": _beats,
    "sigma": _sigma,
}
