from .areas import Areas as Areas, as_floats as as_floats
from .canvas import Canvas as Canvas
from .drawing import Drawing as Drawing
from .numbers import number as number
from .plane import Plane as Plane
