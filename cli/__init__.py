"""The command line, a file for each command or group of them; `timbrepad.py` puts them together."""
