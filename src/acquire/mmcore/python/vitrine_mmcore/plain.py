"""Values as JSON holds them."""
import math

import numpy as np


def plain(value, at="value"):
    """Scalars and arrays of numpy become numbers and lists. Raises for what JSON cannot hold, and says where it stands."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist(), at)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        raise ValueError(f"{at} is {value}, which JSON cannot hold")
    if isinstance(value, dict):
        return {key_of(key, at): plain(inner, f"{at}[{key!r}]") for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner, f"{at}[{i}]") for i, inner in enumerate(value)]
    raise TypeError(f"{at} is a {type(value).__name__}, which JSON cannot hold")


def key_of(key, at):
    if isinstance(key, (str, int, float)):
        return str(key)
    raise TypeError(f"{at} has a key of type {type(key).__name__}, which JSON cannot hold")
