"""From files and pictures to checked arrays, and from these to batches.

>>> from mnist_helpers.data import batches, load
>>> train = load("train")                                   # doctest: +SKIP
train: 50,000 digits of MNIST, from the cache
>>> for images, labels in batches(train, 100, epoch=0):     # doctest: +SKIP
...     ...
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
