from .canvas import Canvas as Canvas
from .numbers import number as number
from .plane import Plane as Plane
from .shapes import Drawing as Drawing, as_floats as as_floats
