from . import (
    data as data,
    deployment as deployment,
    distributed as distributed,
    errors as errors,
    evaluation as evaluation,
    models as models,
    notebook as notebook,
    recipes as recipes,
    system as system,
    training as training,
)
from .data.batching import batches as batches
from .data.digits import Digits as Digits
from .data.pictures import load_image as load_image
from .data.splits import load as load
from .deployment.export import save_inference_model as save_inference_model
from .deployment.predictor import Predictor as Predictor
from .distributed.launching import launch as launch
from .evaluation.scores import evaluate as evaluate
from .models.networks import create as create
from .notebook.by_hand.drawn import draw as draw
from .system.runtime import (
    best_device as best_device,
    configure as configure,
    seed_everything as seed_everything,
)
from .training.loop import epochs_like as epochs_like, fit as fit

__version__: str
