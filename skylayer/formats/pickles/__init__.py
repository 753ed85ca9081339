"""Pickles as data: what a file holds is read, and nothing that it names is imported or called.

`records` runs the opcodes with inert records in the place of every class and function. `values` makes arrays and
containers of them, `estimators` the objects of an estimator, by `__new__` and a state of plain data; `versions`
brings the state of an older scikit-learn to the installed one.
"""
