"""Programs of Node.js that read the OpenAPI document, at the versions of package-lock.json: linters, a generator."""
