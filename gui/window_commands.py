"""The table of all that can be done in the window, each with its usual keys."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gui.commands.commands import Command
from gui.presets.preset_browser import BREED, MAP, PRESETS, TIMBRES
from gui.settings.device_dialog import BLOCKS
from gui.settings.device_dialog import PAGES as SETTINGS
from gui.training.compare_bar import FLIP_KEY
from gui.widgets.knob_panel import PAGES as KNOB_PAGES
from instrument import PARAMETERS

if TYPE_CHECKING:
    from .main_window import MainWindow

SOUND, PRESET, PAD, PLAY, VIEW, SETTING, KNOB = (
    *("Sound", "Presets", "Pad", "Playing", "View", "Settings", "Knobs"),
)


def window_commands(window: "MainWindow") -> Iterator[Command]:
    """Give every action of a window."""
    yield from _of_sound(window)
    yield from _of_presets(window)
    yield from _of_pad(window)
    yield from _of_playing(window)
    yield from _of_view(window)
    yield from _of_settings(window)
    yield from _of_knobs(window)


def _of_sound(window: "MainWindow") -> Iterator[Command]:
    presets = window.actions_of_presets
    yield Command("undo", "Undo", SOUND, window.undo.undo, "Ctrl+Z", "back")
    yield Command("redo", "Redo", SOUND, window.undo.redo, "Ctrl+Shift+Z", "again")
    yield Command("trail", "Trail of sounds", SOUND, window.show_trail, "Ctrl+H", "history walk")
    yield Command("copy", "Copy the sound", SOUND, presets.copy_text, "Ctrl+C", "text clipboard")
    yield Command("paste", "Paste a sound", SOUND, presets.paste_text, "Ctrl+V", "text clipboard")


def _of_presets(window: "MainWindow") -> Iterator[Command]:
    presets, dialogs = window.actions_of_presets, window.dialogs
    yield Command("save", "Save", PRESET, dialogs.save, "Ctrl+S")
    yield Command("save_as", "Save as…", PRESET, dialogs.save_as, "Ctrl+Shift+S")
    yield Command(
        "previous", "Previous preset", PRESET, lambda: presets.open_neighbour(-1), "Ctrl+Up"
    )
    yield Command("next", "Next preset", PRESET, lambda: presets.open_neighbour(1), "Ctrl+Down")
    yield Command(
        "favourite",
        "Favourite, or no longer",
        PRESET,
        lambda: presets.toggle_favourite(presets.name),
        "Ctrl+D",
        "heart like",
    )
    yield Command("rename", "Rename…", PRESET, lambda: dialogs.rename(presets.name))
    yield Command("delete", "Delete…", PRESET, lambda: dialogs.delete(presets.name))
    yield Command("undelete", "Bring back the last deleted", PRESET, presets.undelete)
    yield Command(
        "revert", "As it was before it was saved", PRESET, lambda: presets.revert(presets.name)
    )
    yield Command("unsaved", "Back to the unsaved sound", PRESET, presets.open_unsaved)
    keeping, audio = window.browser.keeping, window.audio_status
    yield Command(
        "keep_keyboard",
        "Keep its keyboard rendered",
        PRESET,
        lambda: keeping.keep(presets.name, round(audio().sample_rate)),
        words="bake start at once",
    )
    yield Command(
        "forget_keyboard",
        "Forget its kept keyboard",
        PRESET,
        lambda: keeping.forget(presets.name),
        words="bake delete",
    )
    yield Command("import", "Import…", PRESET, dialogs.import_files, "Ctrl+O", "open file pack zip")
    yield Command(
        "export", "Export…", PRESET, lambda: dialogs.export_file(presets.name), "Ctrl+E", "file"
    )
    yield Command("export_pack", "Export yours as a pack…", PRESET, dialogs.export_pack, "", "zip")


def _of_pad(window: "MainWindow") -> Iterator[Command]:
    pad, player = window.pad, window.player
    yield Command("reroll", "Re-roll all", PAD, player.reroll, "Ctrl+R", "random dice timbres")
    yield Command("pad", "Go to the pad", PAD, lambda: window.focus_on(pad), "Ctrl+P", "focus")
    yield Command("centre", "Finger to the middle", PAD, player.centre)
    yield Command("record_path", "Record a path", PAD, lambda: pad.make_path("path"), "Ctrl+M")
    yield Command("draw_path", "Draw a path", PAD, lambda: pad.make_path("drawing"), "Ctrl+Shift+M")
    yield Command("play_path", "Play the path, or stop", PAD, player.toggle_path, "Ctrl+Space")
    yield Command("clear_path", "Clear the path", PAD, player.clear_path)


def _of_playing(window: "MainWindow") -> Iterator[Command]:
    keys, player = window.computer_keys, window.player
    yield Command("panic", "Panic", PLAY, player.panic, "Ctrl+.", "silence all notes off stop")
    yield Command(
        "record", "Record, or end the take", PLAY, window.top.record.toggle, "Ctrl+Shift+R"
    )
    yield Command("tap", "Tap the tempo", PLAY, player.tap, "Ctrl+Shift+T")
    yield Command(
        "keyboard", "Go to the keyboard", PLAY, lambda: window.focus_on(window.keyboard), "Ctrl+J"
    )
    yield Command("octave_down", "Octave down (Z)", PLAY, lambda: keys.shift_octave(-1))
    yield Command("octave_up", "Octave up (X)", PLAY, lambda: keys.shift_octave(1))
    for step, name, key in ((-1, "softer", "C"), (1, "louder", "V")):
        yield Command(
            name,
            f"{name.capitalize()} keys ({key})",
            PLAY,
            lambda step=step: keys.shift_velocity(step),  # type: ignore[misc]
            words="velocity",
        )
    yield Command(
        "flip", "Flip the models that are compared", PLAY, window.train.flip, FLIP_KEY, "train"
    )


def _of_view(window: "MainWindow") -> Iterator[Command]:
    show = window.show_sounds
    yield Command("palette", "Commands…", VIEW, window.show_palette, "Ctrl+K")
    yield Command("search", "Search sounds", VIEW, window.search_sounds, "Ctrl+F", "find")
    yield Command("presets", "Presets", VIEW, lambda: show(PRESETS), "Ctrl+1", "list browser")
    yield Command("timbres", "Timbres", VIEW, lambda: show(TIMBRES), "Ctrl+2", "list browser")
    yield Command("map", "Map of presets", VIEW, lambda: show(MAP), "Ctrl+Shift+B", "browser")
    yield Command("breed", "Breed", VIEW, lambda: show(BREED), "Ctrl+B", "mix mutate children")
    for place, page in enumerate(KNOB_PAGES):
        yield Command(
            f"knobs_{page.lower()}",
            f"Knobs: {page}",
            VIEW,
            lambda place=place: window.knobs.show_page(place),  # type: ignore[misc]
            f"Alt+{place + 1}",
        )
    yield Command("train", "Train a model", VIEW, window.top.train.toggle, "Ctrl+T", "recordings")
    yield Command("tour", "Take the tour", VIEW, window.show_tour, "F1", "help first start")
    yield Command("full_screen", "Full screen", VIEW, window.toggle_full_screen, "F11")
    yield Command(
        "put_away", "Put away, or stop what waits", VIEW, window.put_away, "Esc", "cancel"
    )
    yield Command("quit", "Quit", VIEW, window.close, "Ctrl+Q", "close")


def _of_settings(window: "MainWindow") -> Iterator[Command]:
    titles = dict(zip(SETTINGS, window.devices.titles, strict=True))
    for page in SETTINGS:
        yield Command(
            f"settings_{page}",
            f"Settings: {titles[page]}",
            SETTING,
            lambda page=page: window.show_settings(page),  # type: ignore[misc]
            "Ctrl+," if page == "audio" else "",
            {"audio": "output device", "keys": "shortcuts", "controllers": "midi learn"}.get(
                page, ""
            ),
        )
    for step, name in ((1, "larger"), (-1, "smaller")):
        yield Command(
            f"{name}_block",
            f"{name.capitalize()} audio block",
            SETTING,
            lambda step=step: window.step_block(step),  # type: ignore[misc]
            words="dropouts latency timing",
        )
    yield Command("test_sound", "Play a test sound", SETTING, window.devices.audio.test.click)


def _of_knobs(window: "MainWindow") -> Iterator[Command]:
    labels = Counter(parameter.label for parameter in PARAMETERS)
    for parameter in PARAMETERS:
        group = f" ({parameter.group})" if labels[parameter.label] > 1 else ""
        yield Command(
            f"knob_{parameter.name}",
            f"Knob: {parameter.label}{group}",
            KNOB,
            lambda name=parameter.name: window.focus_on_knob(name),  # type: ignore[misc]
            words=parameter.group,
        )


def next_block(block: int, step: int) -> int:
    """Give the usual block size that is larger (1) or smaller (-1) than one; itself at the end."""
    sizes = [size for size in BLOCKS if (size > block if step > 0 else size < block)]
    return (min(sizes) if step > 0 else max(sizes)) if sizes else block
