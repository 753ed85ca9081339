"""What libraries round differently, in the units that every rule counts in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]  # shape (rows, slots of one operand)

EPSILON = float(np.finfo(np.float64).eps)
FLOAT32_EPSILON = float(np.finfo(np.float32).eps)
SMALLEST = 5e-324  # below the normal numbers a rounding isn't relative
ULPS = 4  # of a function such as exp: SIMD and libm round differently
TERMS = 1e-14  # of the sum of a dot product's absolute terms: BLAS kernels add in different orders
