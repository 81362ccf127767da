"""What is computed of releases."""
