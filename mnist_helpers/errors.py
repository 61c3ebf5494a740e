"""The errors that the helpers raise for bad input: each says what was found, and what to do."""


class HelperError(Exception):
    """Base of the package's own errors, so that a command can print them as one line."""


class DataError(HelperError, ValueError):
    """A data set, or a file of one, is not what it should be."""


class PictureError(HelperError, ValueError):
    """A file or an array from outside is not a picture of a digit."""
