"""Types of numpy arrays that all rooms share."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
"""Booleans, one for each row or value unless said otherwise."""
