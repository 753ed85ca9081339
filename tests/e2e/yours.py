"""What a user makes of a fork by the README: other names of stacks, other data, the pipeline of its second step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn.datasets import load_wine

from e2e.fork import blocks

if TYPE_CHECKING:
    import pandas as pd

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(SECTION,) = re.findall(
    r"^## Make it yours\n.*?(?=^An estimator from another package)", README, re.MULTILINE | re.DOTALL
)
# Language and text of each block, in order.
STEPS = [(language, text) for language, _, text in blocks(SECTION)]


def wine() -> pd.DataFrame:
    """The table of the README's example, its target in the column `cultivar`."""
    bunch = load_wine(as_frame=True)
    table: pd.DataFrame = bunch.data.assign(cultivar=bunch.target.map(dict(enumerate(bunch.target_names))))
    return table


def make_it_yours(folder: Path) -> None:
    """Rename the three stacks, put the table where the README says, and write its pipeline."""
    settings = folder / "samconfig.toml"
    renamed, names = re.subn(
        r'^stack_name = "\w+-',
        'stack_name = "wine-',
        settings.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert names == 3
    settings.write_text(renamed, encoding="utf-8")
    wine().to_csv(folder / "training" / "data" / "wine.csv", index=False)
    (pipeline,) = [text for language, text in STEPS if language == "python"]
    (folder / "training" / "pipeline.py").write_text(pipeline, encoding="utf-8")
