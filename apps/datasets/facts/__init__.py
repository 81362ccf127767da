"""Computed statements about versions and about use cases through their datasets, one noun a file."""
