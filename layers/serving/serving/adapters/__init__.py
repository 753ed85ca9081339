"""The API behind other front doors, WSGI, ASGI and function services: all end in `serving.api.handle`."""
