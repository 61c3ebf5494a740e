from . import plots as plots, show as show
from .scoreboard import Row as Row
from .screenshots import screenshot as screenshot
