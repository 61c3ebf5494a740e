from .inspection import (
    LayerFacts as LayerFacts,
    ParameterFacts as ParameterFacts,
    layer_table as layer_table,
    look_inside as look_inside,
    moved_since as moved_since,
    parameter_table as parameter_table,
    recorded as recorded,
    snapshot as snapshot,
)
from .reliability import Calibration as Calibration, calibration as calibration
from .scores import (
    Scores as Scores,
    evaluate as evaluate,
    evaluating as evaluating,
    probabilities as probabilities,
    to_digits as to_digits,
)
