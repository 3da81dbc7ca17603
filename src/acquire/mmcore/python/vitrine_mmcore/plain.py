"""Values as JSON holds them."""
import numpy as np


LARGEST_INTEGER = 2**53 - 1


def plain(value, at="value"):
    """
    Scalars and arrays of numpy become numbers and lists; NaN and infinity stay, written as Python's json writes them. Raises for what JSON
    cannot hold, and says where it stands.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist(), at)
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{at} is {value}, more than a number of JavaScript holds exactly: make it text")
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        entries = {key_of(key, at): plain(inner, f"{at}[{key!r}]") for key, inner in value.items()}
        if len(entries) < len(value):
            raise ValueError(f"{at} has keys that are one text in JSON")
        return entries
    if isinstance(value, (list, tuple)):
        return [plain(inner, f"{at}[{i}]") for i, inner in enumerate(value)]
    raise TypeError(f"{at} is a {type(value).__name__}, which JSON cannot hold")


def key_of(key, at):
    if isinstance(key, (str, int, float)):
        return str(key)
    raise TypeError(f"{at} has a key of type {type(key).__name__}, which JSON cannot hold")
