"""One module per family of estimators; docs/adding-an-estimator.md shows how to add one."""
