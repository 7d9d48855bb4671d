"""What Inspect finds of this project by its entry point, so that `--model robot-r1/PATH` works in every command."""
