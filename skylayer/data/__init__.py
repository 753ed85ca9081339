"""What came in: datasets, the schema inferred from them, and their reference statistics."""
