"""Boosted trees in the files of the libraries that grew them: checked field by field before the library sees them."""
