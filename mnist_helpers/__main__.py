"""``python -m mnist_helpers COMMAND``: what a person types outside a notebook."""

import sys

from mnist_helpers.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
