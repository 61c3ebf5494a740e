from . import by_hand as by_hand, draw as draw, pictures as pictures, plots as plots, show as show
from .logs import read_log as read_log
from .scoreboard import Row as Row
from .screenshots import screenshot as screenshot
from .verdicts import verdict_on as verdict_on
