"""Your data and your estimator: all that you edit to serve a model of your own.

`load_data()` gives the rows and the target, `build_estimator()` a scikit-learn estimator that isn't fitted.
`make train` cross-validates it, fits it, evaluates it on a holdout and packages it; `make up` serves it.

- Rows: a pandas DataFrame (each column becomes a field of the request), a 2-D array, or a list of texts.
- Target: a Series, an array or a DataFrame of several outputs; leave it out for clusters and outliers.
- Estimator: anything with scikit-learn's interface that can `predict`. Put every step that prepares the data
  into the pipeline, so that requests carry the data as it is here. Functions and classes of your own may live
  in this folder; they ship with the model, and so do the packages that their modules import.
- STRICT = True, or the names of some columns, refuses what the training data had none of: missing values, and
  fractions among integers. Left out, requests may carry what the estimator takes.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NAME = "penguins"
DATA = Path(__file__).parent / "data" / "penguins.csv"

NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["island", "sex"]


def load_data() -> tuple[pd.DataFrame, pd.Series]:
    """The Palmer penguins: four measurements, island and sex of 344 birds, and their species."""
    penguins = pd.read_csv(DATA)
    return penguins[CATEGORIES + NUMBERS], penguins["species"]


def build_estimator() -> Pipeline:
    """Fill in what is missing, scale numbers, spread categories into columns, and grow a forest."""
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
            (
                "categories",
                make_pipeline(
                    SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
                ),
                CATEGORIES,
            ),
        ]
    )
    return Pipeline(
        [("prepare", prepare), ("forest", RandomForestClassifier(n_estimators=100, random_state=0))]
    )
