"""What the command line reports in one line, with exit code 2 and no traceback."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user can fix: the message says what is wrong and how."""
