"""What datasets wait for, one noun a file."""
