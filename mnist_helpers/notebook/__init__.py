"""What the book's pages need, and programs do not: figures, tables, pictures of web pages."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
