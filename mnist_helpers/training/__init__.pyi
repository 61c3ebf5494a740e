from .callbacks import (
    Callback as Callback,
    EarlyStopping as EarlyStopping,
    ExponentialMovingAverage as ExponentialMovingAverage,
)
from .history import (
    Epoch as Epoch,
    History as History,
    Position as Position,
)
from .loop import epochs_like as epochs_like, fit as fit
from .losses import (
    LOSSES as LOSSES,
    cross_entropy as cross_entropy,
    label_smoothed_cross_entropy as label_smoothed_cross_entropy,
    loss_named as loss_named,
    square_error as square_error,
)
from .optimizers import (
    OPTIMIZERS as OPTIMIZERS,
    SCHEDULES as SCHEDULES,
    create_optimizer as create_optimizer,
    usual_rate as usual_rate,
)
from .resuming import Resumable as Resumable
from .runs import Run as Run, load_run as load_run
