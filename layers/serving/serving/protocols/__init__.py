"""Protocols that other servers' clients speak, over the same models and checks as `POST /predict`."""
