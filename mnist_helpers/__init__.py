"""What the chapters of the book share: data, models, training, evaluation, deployment.

>>> from mnist_helpers import evaluate, fit, load            # before paddle: it sets the threads

The names in ``dir(mnist_helpers)`` are its front door; each package has more. Importing any of them
sets up the process for Paddle (threads, processor settings: see :func:`system.runtime.configure`),
so import it *before* ``paddle``. In a notebook it also sees to it that a cell which begins with
``# needs: …`` runs only where it can (:mod:`mnist_helpers.system.available`). Nothing heavy is
imported until it is used: a name's module, and with it NumPy, Pillow and Paddle, comes when the
name is first asked for (PEP 562).
"""

import lazy_loader

from mnist_helpers.system.available import watch_cells
from mnist_helpers.system.runtime import configure

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

configure()
watch_cells()
