"""Each prompt computed once for all its completions, in learning and in generation; see docs/training.md."""
