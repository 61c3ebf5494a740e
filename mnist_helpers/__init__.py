"""What the chapters of the book share: data, pictures, models, evaluation, plots.

Importing this package, or any module of it, sets up the process for Paddle (threads, processor
settings: see :mod:`mnist_helpers.runtime`), so import it *before* ``paddle``. In a notebook it also
sees to it that a cell which begins with ``# needs: …`` runs only where it can
(:mod:`mnist_helpers.available`). It imports nothing heavy itself: NumPy, Pillow and Paddle are
imported by the modules that need them.
"""

from mnist_helpers.available import watch_cells
from mnist_helpers.runtime import configure

__version__ = "0.1.0"
__all__ = ["__version__", "configure"]

configure()
watch_cells()
