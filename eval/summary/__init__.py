"""What runs measured, and what the paper published, in tables."""
