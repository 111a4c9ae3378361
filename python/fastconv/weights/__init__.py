"""Parameters in and out of files."""
