from .predicting.age import Age
from .predicting.predict import Prediction, predict

__all__ = [
    "Age",
    "Prediction",
    "predict",
]
