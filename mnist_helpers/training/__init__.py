"""The training loop, and what stands around it: losses, optimisers, callbacks, saved runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
