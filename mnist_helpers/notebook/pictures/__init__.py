"""The book's pictures of ideas, each a function that gives a drawing.

Numbers that a run produces are arguments; so are the words, which are English if nothing is said.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
