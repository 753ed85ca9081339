"""Yours: the data and the estimator that this project serves."""
