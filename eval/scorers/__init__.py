"""What is measured on answers, as pure functions, and the same as Inspect's metrics."""
