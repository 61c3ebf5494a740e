from .available import can as can
from .processes import child as child, in_parallel as in_parallel
from .runtime import (
    best_device as best_device,
    configure as configure,
    paddle_threads as paddle_threads,
    seed_everything as seed_everything,
    usable_cores as usable_cores,
)
