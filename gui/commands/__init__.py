"""What can be done: every action by its name, the palette, and processes of the command line."""
