from .drawn import DrawnDigit as DrawnDigit, DrawnDigits as DrawnDigits, draw as draw
from .strokes import rasterise as rasterise
