"""What came in: tables of rows, the schema inferred from them, and their reference statistics."""
