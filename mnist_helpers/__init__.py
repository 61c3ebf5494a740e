"""What the chapters of the book share: data, pictures, models, evaluation, plots.

Importing this package, or any module of it, sets up the process for Paddle (threads, processor
settings: see :mod:`mnist_helpers.runtime`), so import it *before* ``paddle``. It imports nothing
heavy itself: NumPy, Pillow and Paddle are imported by the modules that need them.
"""

from mnist_helpers.runtime import configure

__version__ = "0.1.0"
__all__ = ["__version__", "configure"]

configure()
