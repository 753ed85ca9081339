"""Models in PMML (https://dmg.org/pmml/v4-4-1/GeneralStructure.html): trees, sums of trees, and regressions."""
