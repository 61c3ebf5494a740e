from .composing import (
    CONDITIONS as CONDITIONS,
    Composed as Composed,
    Condition as Condition,
    compose as compose,
)
from .decoding import MAX_PIXELS as MAX_PIXELS
from .drawn import from_drawing as from_drawing
from .loading import (
    from_picture as from_picture,
    load_counted as load_counted,
    load_image as load_image,
)
from .marking import marked as marked
from .sheet import SheetDigit as SheetDigit, digits_on as digits_on, read_sheet as read_sheet
