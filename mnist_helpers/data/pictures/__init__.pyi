from .decoding import MAX_PIXELS as MAX_PIXELS
from .loading import (
    from_picture as from_picture,
    load_counted as load_counted,
    load_image as load_image,
)
