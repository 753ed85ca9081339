"""Models from files and to files: what a file is, whether it may be opened, and how."""
