"""The book in Chinese, made of the English pages and of catalogues of messages.

The English notebooks and pages are the only source. ``python -m tools.translate messages`` writes
what is to be translated into ``book/locale/zh_CN/LC_MESSAGES/``, a ``.po`` file a page; ``make``
makes Chinese notebooks and pages of both; ``check`` holds each message against its translation.
"""
