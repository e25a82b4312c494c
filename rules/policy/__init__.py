"""Policy versions: as values, and read from their files."""
