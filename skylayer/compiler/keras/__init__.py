"""Keras networks as lists of operations, and estimators that evaluate them in double precision."""
