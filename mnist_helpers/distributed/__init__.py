"""Several processes at one training: started, watched, and ended together.

>>> from mnist_helpers.distributed import launch
>>> job = launch("train.py", workers=2)     # doctest: +SKIP
>>> print(job.said(rank=0))                 # doctest: +SKIP

What a program does when it has been started so is in :func:`join`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
