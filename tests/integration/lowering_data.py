"""Numbers to fit small estimators to, and rows to ask them for."""

from __future__ import annotations

import numpy as np

_RANDOM = np.random.default_rng(0)
X = _RANDOM.normal(size=(90, 3))
SIGNAL = X @ [1.0, -0.5, 0.25] + 0.5 * _RANDOM.normal(size=90)
TWO, THREE = (SIGNAL > 0.1).astype(int), np.digitize(SIGNAL, [-0.5, 0.4])
NEW = np.round(_RANDOM.normal(size=(300, 3)), 2)
