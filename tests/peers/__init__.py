"""What other servers' clients send, and what they get here: the table of docs/call.md, made by `python -m peers`."""
