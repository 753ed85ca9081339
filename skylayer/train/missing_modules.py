"""What to do about a module that isn't there, without sending anybody to a stranger's package.

Anyone may register a distribution under a module's name, so only names that are known to be right are advised.
"""

from __future__ import annotations

import platform
import shlex
import sys
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
    "yaml": "PyYAML",
}
# The wheel of `xgboost` for Linux requires NVIDIA's NCCL, which alone is more than the 250 MB that Lambda takes.
# xgboost.readthedocs.io/en/stable/install.html, "Minimal installation (CPU-only)".
_XGBOOST, _XGBOOST_ON_LINUX = "xgboost", "xgboost-cpu"


def advice(module: str, folder: Path | None = None) -> str:
    """One sentence on how to get a module that could not be imported.

    Args:
        module: Its full name.
        folder: Where the importing code's own modules are; None where it has none.
    """
    top = module.partition(".")[0]
    if folder is not None and (folder.joinpath(f"{top}.py").is_file() or folder.joinpath(top).is_dir()):
        return f"{top} is a module of your own: write from {folder.name}.{module} import …"
    distribution = _distribution(top)
    if distribution:
        program = project.uv()
        shown = program if program.startswith(str(project.STATE)) else "uv"
        return f"Install the package that has it: {shlex.quote(shown)} add {distribution}"
    return (
        f"Look up which package has {top} and install that with uv add; "
        "a package of the same name may be a stranger's"
    )


def _distribution(top: str) -> str | None:
    """The distribution that has a top-level module, where that is known."""
    if top == _XGBOOST:
        return _XGBOOST_ON_LINUX if (sys.platform, platform.machine()) == ("linux", "x86_64") else _XGBOOST
    return DISTRIBUTIONS.get(top)
