"""Robot-R1 Bench: open questions about simulated scenes, with references that follow from the simulator's state."""
