"""Writes boosters/xgboost-1.7.6.*: run with XGBoost 1.7, whose binary format went with 3.1."""

from pathlib import Path

import numpy as np
import xgboost as xgb

HERE = Path(__file__).parent / "boosters"
rows = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
labels = (rows[:, 0] > 0).astype(int) + (rows[:, 1] > 0)
booster = xgb.train(
    {"objective": "multi:softprob", "num_class": 3, "max_depth": 3}, xgb.DMatrix(rows, labels), 4
)
for ending in ("json", "ubj", "model"):
    booster.save_model(HERE / f"xgboost-{xgb.__version__}.{ending}")
table = np.hstack([rows, booster.predict(xgb.DMatrix(rows))]).astype(float)
header = "x0,x1,x2,class 0,class 1,class 2"
np.savetxt(HERE / f"xgboost-{xgb.__version__}.csv", table, "%.17g", ",", header=header, comments="")
