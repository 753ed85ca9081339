"""Writes the files of pmml/ and what JPMML answers: run with sklearn2pmml, jpmml_evaluator and a Java.

The rows are drawn again by the test, so that only the answers are kept: of one row in ten as they are, and the sum of
every hundred.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "pmml"
ROWS = 10_000
NAMES = ["length", "depth", "mass", "year"]


def rows(count: int, seed: int) -> pd.DataFrame:
    """Numbers with three digits, and a category."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.integers(-3000, 3001, (count, 4)) / 1000, columns=NAMES)
    return frame.assign(island=random.choice(["here", "there", "elsewhere"], count))


def models(score: Any) -> dict[str, tuple[Any, Any]]:
    """An estimator and its target for each file."""
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - of the version that sklearn2pmml knows
    from sklearn.ensemble import (  # noqa: PLC0415
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # noqa: PLC0415

    two, three = np.where(score > 0, "yes", "no"), (score > 0).astype(int) + (score > 1)

    def encoded() -> Any:
        return ColumnTransformer(
            [("category", OneHotEncoder(), ["island"]), ("number", "passthrough", ["length", "mass"])]
        )

    small = {"n_estimators": 4, "max_depth": 3, "random_state": 0}
    return {
        "tree-of-two": (DecisionTreeClassifier(max_depth=4, random_state=0), two),
        "tree-of-numbers": (DecisionTreeRegressor(max_depth=4, random_state=0), score),
        "forest-of-three": (RandomForestClassifier(**small), three),
        "forest-of-numbers": (RandomForestRegressor(**small), score),
        "boosted-two": (GradientBoostingClassifier(**small), two),
        "boosted-three": (GradientBoostingClassifier(**small), three),
        "boosted-numbers": (GradientBoostingRegressor(**small), score),
        "linear": (LinearRegression(), score),
        "logistic-two": (make_pipeline(StandardScaler(), LogisticRegression()), two),
        "logistic-three": (LogisticRegression(), three),
        "poisson": (PoissonRegressor(), np.exp(score / 4)),
        "linear-category": (make_pipeline(encoded(), LinearRegression()), score),
        "tree-category": (
            make_pipeline(encoded(), DecisionTreeRegressor(max_depth=4, random_state=0)),
            score,
        ),
    }


def main() -> None:
    """Fit, export and evaluate each model."""
    from jpmml_evaluator import make_evaluator  # noqa: PLC0415 - which the tests do without
    from sklearn2pmml import sklearn2pmml  # noqa: PLC0415
    from sklearn2pmml.pipeline import PMMLPipeline  # noqa: PLC0415

    x, many, answers = rows(300, 0), rows(ROWS, 1), {}
    score = x["length"] + x["depth"] * x["year"] + (x["island"] == "here")
    for name, (estimator, target) in models(score.to_numpy()).items():
        data = x if "category" in name else x[NAMES]
        path = HERE / f"{name}.pmml"
        pipeline = PMMLPipeline([("estimator", estimator)])
        sklearn2pmml(pipeline.fit(data, pd.Series(target, name="target")), str(path))
        evaluator = make_evaluator(str(path)).verify()
        found = evaluator.evaluateAll(many)
        shares = [column for column in found.columns if column.startswith("probability")]
        numbers = found[shares or ["target"]].to_numpy(float)
        answers[name] = numbers[::10]
        answers[f"{name} sums"] = numbers.reshape(100, 100, -1).sum(axis=1)
        if shares:
            labels = [column.removeprefix("probability(").removesuffix(")") for column in shares]
            answers[f"{name} labels"] = np.array(
                [labels.index(str(each)) for each in found["target"]], np.int8
            )
    np.savez_compressed(HERE / "pmml.npz", **answers)


if __name__ == "__main__":
    main()
