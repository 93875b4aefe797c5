"""`timbrepad devices`: what can be played through and with."""

import typer

from .console import say, say_json, say_table
from .options import JsonOption

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: timbrepad devices --json")
def devices(json_: JsonOption = False) -> None:
    """List the sound outputs, the MIDI inputs and what can make notes."""
    import msgspec

    from instrument.devices.audio import list_outputs
    from instrument.midi.midi import MidiInputs
    from model.device import choose_device, list_devices

    outputs = list_outputs()
    midi = MidiInputs(lambda _: None)
    midi.poll()
    inputs = midi.ports()
    midi.close()
    renderers = list_devices()
    choice = choose_device("auto", renderers)
    chosen = {device.name: choice.reason for device in renderers if device == choice.device}
    if json_:
        rendering = [
            {
                "name": device.name,
                "device": device.words,
                "is_chosen": device.name in chosen,
                "reason": chosen.get(device.name, ""),
            }
            for device in renderers
        ]
        listed = [msgspec.to_builtins(output) for output in outputs]
        say_json({"outputs": listed, "midi": inputs, "renderers": rendering})
        return
    rows = [
        (
            "output",
            output.name,
            output.host_api,
            f"{output.n_channels} channels, {output.sample_rate:.0f} Hz",
            "default" if output.is_default else "",
        )
        for output in outputs
    ]
    rows += [("MIDI", name, "", "", "") for name in inputs]
    rows += [
        (
            "renderer",
            device.name,
            device.words,
            chosen.get(device.name, ""),
            "chosen" if device.name in chosen else "",
        )
        for device in renderers
    ]
    say_table(rows)
    if not outputs:
        say("There is no sound output. Try: timbrepad doctor")
    if not inputs:
        say("There is no MIDI input.")
