from .export import load as load, save_inference_model as save_inference_model
from .manifest import check_images as check_images
from .predictor import Predictor as Predictor
