from .doorkeeper import like_a_digit as like_a_digit
from .export import load as load, save_inference_model as save_inference_model
from .judging import Verdict as Verdict, judge as judge
from .manifest import check_images as check_images
from .predictor import Predictor as Predictor
