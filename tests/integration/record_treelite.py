"""Writes the files of treelite_files/: run with treelite, XGBoost and scikit-learn, `python record_treelite.py`.

The rows are drawn again by the test, so that only GTIL's answers are kept: of one row in ten as they are, and the sum
of every hundred.
"""

from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "treelite_files"
ROWS = 10_000


def rows(count: int, seed: int) -> Any:
    """Numbers with two digits, of which one column has gaps."""
    random = np.random.default_rng(seed)
    drawn = random.integers(-300, 301, (count, 4)) / 100
    drawn[random.random(count) < 0.1, 1] = np.nan
    return drawn


def main() -> None:
    """Fit one model of each kind."""
    import treelite  # noqa: PLC0415 - which the tests do without
    import xgboost  # noqa: PLC0415
    from sklearn import ensemble  # noqa: PLC0415

    x = rows(400, 0)
    score = x[:, 0] + np.nan_to_num(x[:, 1]) * x[:, 3]
    two, three = (score > 0).astype(int), (score > 0).astype(int) + (score > 1)
    small = {"max_depth": 3, "random_state": 0}
    boosted = [
        (name, parameters, target)
        for name, parameters, target in (
            ("xgboost-two", {"objective": "binary:logistic"}, two),
            ("xgboost-three", {"objective": "multi:softprob", "num_class": 3}, three),
            ("xgboost-numbers", {"objective": "reg:squarederror"}, score),
            ("xgboost-poisson", {"objective": "count:poisson"}, np.exp(score / 4)),
        )
    ]
    models = {
        name: treelite.frontend.from_xgboost(
            xgboost.train(parameters | {"max_depth": 3}, xgboost.DMatrix(x, target), 4)
        )
        for name, parameters, target in boosted
    }
    for name, estimator, target in (
        ("forest-of-three", ensemble.RandomForestClassifier(4, **small), three),
        ("forest-of-numbers", ensemble.RandomForestRegressor(4, **small), score),
        ("boosted-two", ensemble.HistGradientBoostingClassifier(max_iter=4, **small), two),
        ("boosted-three", ensemble.HistGradientBoostingClassifier(max_iter=4, **small), three),
    ):
        models[name] = treelite.sklearn.import_model(estimator.fit(x, target))
    many, answers = rows(ROWS, 1), {}
    for name, model in models.items():
        HERE.joinpath(f"{name}.bin").write_bytes(model.serialize_bytes())
        data = many.astype(np.float32) if name.startswith("xgboost") else many
        found = treelite.gtil.predict(model, data).reshape(ROWS, -1).astype(float)
        answers[name] = found[::10]
        answers[f"{name} sums"] = found.reshape(100, 100, -1).sum(axis=1)
    np.savez_compressed(HERE / "treelite.npz", **answers)


if __name__ == "__main__":
    main()
