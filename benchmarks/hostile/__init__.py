"""Hostile inputs through every door of the project: see `__main__`."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before the Hub's library is imported: a name that is no folder is not looked up
