"""Estimators of each kind on made-up data, with the data that they were fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def penguins() -> tuple[Any, pd.DataFrame]:
    """A classifier of numbers, categories and missing values."""
    random = np.random.default_rng(0)
    rows = 300
    species = random.integers(3, size=rows)
    frame = pd.DataFrame(
        {
            "island": np.array(["Biscoe", "Dream", "Torgersen"])[
                (species + random.integers(2, size=rows)) % 3
            ],
            "bill_length_mm": (38 + 5 * species + random.normal(0, 3, rows)).round(1),
            "flipper_length_mm": (188 + 12 * species + random.normal(0, 7, rows)).round().astype(int),
            "body_mass_g": (3600 + 600 * species + random.normal(0, 400, rows)).round(),
            "ringed": random.random(rows) < 0.4,
            "year": random.integers(2007, 2010, rows),
        }
    )
    frame.loc[::9, "body_mass_g"] = np.nan
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["island"]),
        (SimpleImputer(), ["bill_length_mm", "flipper_length_mm", "body_mass_g", "ringed", "year"]),
    )
    estimator = make_pipeline(columns, RandomForestClassifier(30, max_depth=5, random_state=0))
    return estimator.fit(
        frame, pd.Series(np.array(["Adelie", "Chinstrap", "Gentoo"])[species], name="species")
    ), frame


def houses() -> tuple[Any, pd.DataFrame]:
    """A regressor of numbers."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "rooms": random.integers(1, 9, 400),
            "living_area_m2": random.gamma(9, 11, 400).round(1),
            "age_years": random.gamma(2, 20, 400).round(),
            "distance_km": random.exponential(6, 400).round(2),
        }
    )
    price = (
        frame["living_area_m2"] * 3.1
        + frame["rooms"] * 12
        - frame["distance_km"] * 6
        + random.normal(180, 20, 400)
    )
    return GradientBoostingRegressor(random_state=0).fit(frame, price.rename("price_thousands")), frame


def reviews() -> tuple[Any, list[str]]:
    """A classifier of texts."""
    random = np.random.default_rng(2)
    good, bad = ["great", "lovely", "tasty", "friendly", "warm"], ["awful", "cold", "slow", "rude", "bland"]
    filler = ["the", "soup", "and", "the", "service", "were", "today", "in", "town"]
    labels = random.integers(2, size=200)
    texts = [
        " ".join([*random.permutation(filler)[:5], *random.choice([bad, good][label], 2)]) for label in labels
    ]
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression())
    return estimator.fit(texts, pd.Series(np.array(["bad", "good"])[labels], name="opinion")), texts
