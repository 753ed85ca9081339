"""Fit models of XGBoost, LightGBM and imbalanced-learn, write them as pickles, and write down what they answer.

    python make_boosters.py FOLDER

It runs under XGBoost 1.2, LightGBM 3.0 and imbalanced-learn 0.7 (Python 3.8) to the newest. A file boosters-X.tar.xz of
this folder is what it writes, packed as those of make_models.py.
"""

import json
import os
import pickle
import sys
import warnings

import imblearn
import lightgbm
import numpy as np
import pandas as pd
import sklearn
import xgboost
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampled
from imblearn.under_sampling import RandomUnderSampler
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor, XGBRFRegressor

warnings.simplefilter("ignore")
random = np.random.RandomState(0)
X = random.normal(size=(60, 4)).round(3)
missing = X.copy()
missing[random.random_sample(X.shape) < 0.1] = np.nan
two = (X[:, 0] > X[:, 2]).astype(int)
three = np.digitize(X[:, 0] + 0.3 * X[:, 1], [-0.5, 0.5])
names = np.array(["a", "b", "c"])[three]
numbers = X[:, 0] * 2 + np.sin(X[:, 1])
asked = np.random.RandomState(1).normal(size=(12, 4)).round(3)
asked_missing = asked.copy()
asked_missing[::5, 1] = np.nan
frame = pd.DataFrame({"town": np.array(["Bern", "Basel", "Chur"])[random.randint(0, 3, 60)], "size": X[:, 0]})
asked_frame = pd.DataFrame({"town": np.array(["Bern", "Basel", "Chur"])[np.arange(12) % 3], "size": asked[:, 0]})
xgb = {"n_estimators": 3, "max_depth": 2, "n_jobs": 1, "tree_method": "exact"}
if tuple(map(int, xgboost.__version__.split(".")[:2])) < (1, 6):
    xgb["use_label_encoder"] = True
lgb = {"n_estimators": 3, "num_leaves": 4, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
made = {
    "xgb_two": (XGBClassifier(**xgb), missing, two, asked_missing),
    "xgb_three": (XGBClassifier(**xgb), X, three, asked),
    "xgb_regressor": (XGBRegressor(**{k: v for k, v in xgb.items() if k != "use_label_encoder"}), X, numbers, asked),
    "xgb_poisson": (XGBRegressor(objective="count:poisson", n_estimators=3, max_depth=2, n_jobs=1), X, three, asked),
    "xgb_forest": (XGBRFRegressor(n_estimators=3, max_depth=2, n_jobs=1, random_state=0), X, numbers, asked),
    "lgb_two": (LGBMClassifier(**lgb), missing, two, asked_missing),
    "lgb_names": (LGBMClassifier(**lgb), X, names, asked),
    "lgb_regressor": (LGBMRegressor(**lgb), X, numbers, asked),
    "lgb_poisson": (LGBMRegressor(objective="poisson", **lgb), X, three, asked),
    "p_xgb": (make_pipeline(SimpleImputer(), StandardScaler(), XGBClassifier(**xgb)), missing, two, asked_missing),
    "p_lgb": (
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough"), LGBMClassifier(**lgb)
        ),
        frame,
        two,
        asked_frame,
    ),
    "imblearn_under": (
        make_sampled(StandardScaler(), RandomUnderSampler(random_state=0), LogisticRegression()), X, two, asked,
    ),
    "imblearn_over": (
        make_sampled(RandomOverSampler(random_state=0), DecisionTreeClassifier(max_depth=3, random_state=0)),
        X, names, asked,
    ),
}
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
out = {}
for name, (model, rows, target, questions) in made.items():
    model.fit(rows, target)
    with open(os.path.join(folder, name + ".pkl"), "wb") as file:
        pickle.dump(model, file, protocol=4)
    answers = {"predict": np.asarray(model.predict(questions)).tolist()}
    if hasattr(model, "predict_proba"):
        answers["predict_proba"] = np.asarray(model.predict_proba(questions)).tolist()
    is_frame = hasattr(questions, "to_dict")
    out[name] = {"rows": questions.to_dict("records") if is_frame else questions.tolist(), "answers": answers}
versions = {each.__name__: each.__version__ for each in (sklearn, xgboost, lightgbm, imblearn)}
with open(os.path.join(folder, "answers.json"), "w") as file:
    json.dump({"versions": versions, "models": out}, file)
print(versions, len(out))
