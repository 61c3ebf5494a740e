from .decoding import MAX_PIXELS as MAX_PIXELS
from .drawn import from_drawing as from_drawing
from .loading import from_picture as from_picture, load_image as load_image
