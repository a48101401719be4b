"""`python -m clients.pressure`: see commands.py."""

import sys

from clients.pressure.commands import main

if __name__ == "__main__":
    sys.exit(main())
