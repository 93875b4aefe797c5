"""`python -m gui`: the window, with the instrument at its defaults."""

import sys

from .app import main

if __name__ == "__main__":
    sys.exit(main())
