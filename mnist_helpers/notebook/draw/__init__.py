"""Shapes for pictures of ideas: all in one hand, in the book's colours, for a telephone's width."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
