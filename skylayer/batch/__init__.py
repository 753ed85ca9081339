"""Batch scoring: a file of rows becomes the same file with the model's answer beside each row.

A file is planned (`plan`): cut into ranges of whole rows. Each range is scored by itself (`part`), block by block, in
bounded memory, and written as a part whose name says what it was made of: running again makes only what is missing.
`job` runs the ranges side by side and joins the parts.
"""
