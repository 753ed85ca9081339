"""Sums of trees as other libraries' files describe them: what they are, and what they answer."""
