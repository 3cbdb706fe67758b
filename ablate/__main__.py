"""`python -m ablate`, the same thing as the console script `ablate`."""

import sys

from ablate.cli import main

if __name__ == "__main__":
    sys.exit(main())
