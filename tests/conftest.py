"""Hooks for every test; they stand in `suite`, which tests can import by a name that is its own."""

pytest_plugins = ["suite"]
