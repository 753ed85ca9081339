"""Writes catboost-* and catboost.npz of boosters/: run with a CatBoost, `python record_catboost.py`.

The rows are drawn again by the test, so that only CatBoost's answers are kept: to one row in ten as they are, and the
sum of every hundred.
"""

from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "boosters"
ROWS = 10_000
BINARY = ("two", "three", "two-numbers", "gaps-high", "lossguide")  # written as `.cbm`, too


def rows(count: int, seed: int) -> Any:
    """Numbers with three digits, of which one column has gaps."""
    random = np.random.default_rng(seed)
    drawn = random.integers(-3000, 3001, (count, 4)) / 1000
    drawn[random.random(count) < 0.1, 1] = np.nan
    return drawn


def main() -> None:
    """Fit one model of each kind."""
    import catboost  # noqa: PLC0415 - which the tests do without

    x = rows(400, 0)
    score = x[:, 0] + np.nan_to_num(x[:, 1]) * x[:, 3]
    three = (score > 0).astype(int) + (score > 1)
    classifier, regressor = catboost.CatBoostClassifier, catboost.CatBoostRegressor
    common = {
        "depth": 3, "verbose": 0, "allow_writing_files": False, "random_seed": 0, "thread_count": 1, "iterations": 6,
    }  # fmt: skip
    names = ["length", "depth", "mass", "year"]
    models = {
        "two": classifier(**common).fit(
            catboost.Pool(x, np.where(score > 0, "yes", "no"), feature_names=names)
        ),
        "three": classifier(**common).fit(x, three),
        "one-against-all": classifier(loss_function="MultiClassOneVsAll", **common).fit(x, three),
        "booleans": classifier(**common).fit(x, score > 0),
        "regression": regressor(**common).fit(x, score),
        "poisson": regressor(loss_function="Poisson", **common).fit(x, np.exp(score / 4)),
        "tweedie": regressor(loss_function="Tweedie:variance_power=1.5", **common).fit(x, np.exp(score / 4)),
        "two-numbers": regressor(loss_function="MultiRMSE", **common).fit(x, np.c_[score, -score]),
        "lossguide": regressor(grow_policy="Lossguide", **common).fit(x, score),
        "gaps-high": regressor(nan_mode="Max", **common).fit(x, score),
        "ranking": catboost.CatBoostRanker(**common).fit(x, three, group_id=np.arange(400) // 20),
    }
    many, answers = rows(ROWS, 1), {}
    for name, model in models.items():
        model.save_model(HERE / f"catboost-{name}.json", "json")
        if name in BINARY:
            model.save_model(HERE / f"catboost-{name}.cbm")
        found = model.predict_proba(many) if hasattr(model, "predict_proba") else model.predict(many)
        answers[name] = found[::10]
        answers[f"{name} sums"] = found.reshape(100, 100, -1).sum(axis=1)
        if hasattr(model, "predict_proba"):
            labels = np.asarray(model.predict(many)).ravel()
            answers[f"{name} labels"] = np.searchsorted(model.classes_, labels).astype(np.int8)
    np.savez_compressed(HERE / "catboost.npz", **answers)
    category = np.where(score > 0, "a", "b")[:, None].astype(object)
    model = regressor(cat_features=[0], **common).fit(np.hstack([category, x[:, :1]]), score)
    model.save_model(HERE / "catboost-category.json", "json")
    model.save_model(HERE / "catboost-category.cbm")


if __name__ == "__main__":
    main()
