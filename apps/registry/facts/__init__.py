"""Computed statements about models, training runs and model versions, one noun a file."""
