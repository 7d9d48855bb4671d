"""How much memory a run needs, before anything is loaded."""
