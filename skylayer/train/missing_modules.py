"""What to do about a module that isn't there, without sending anybody to a stranger's package.

Anyone may register a distribution under a module's name, so only names that are known to be right are advised.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from skylayer import project

if TYPE_CHECKING:
    from pathlib import Path

# Module -> distribution on PyPI, each as the project's own installation page names it.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "catboost": "catboost",
    "category_encoders": "category-encoders",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "feature_engine": "feature-engine",
    "imblearn": "imbalanced-learn",
    "lightgbm": "lightgbm",
    "mord": "mord",
    "nltk": "nltk",
    "numba": "numba",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "requests": "requests",
    "seaborn": "seaborn",
    "skimage": "scikit-image",
    "sklearn_pandas": "sklearn-pandas",
    "skrub": "skrub",
    "statsmodels": "statsmodels",
    "umap": "umap-learn",
    "xgboost": "xgboost",
    "yaml": "PyYAML",
}


def advice(module: str, folder: Path | None = None) -> str:
    """One sentence on how to get a module that could not be imported.

    Args:
        module: Its full name.
        folder: Where the importing code's own modules are; None where it has none.
    """
    top = module.partition(".")[0]
    if folder is not None and (folder.joinpath(f"{top}.py").is_file() or folder.joinpath(top).is_dir()):
        return f"{top} is a module of your own: write from {folder.name}.{module} import …"
    if top in DISTRIBUTIONS:
        program = project.uv()
        shown = program if program.startswith(str(project.STATE)) else "uv"
        return f"Install the package that has it: {shlex.quote(shown)} add {DISTRIBUTIONS[top]}"
    return (
        f"Look up which package has {top} and install that with uv add; "
        "a package of the same name may be a stranger's"
    )
