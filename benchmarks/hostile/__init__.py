"""Hostile inputs through every door of the project: see `__main__`."""

import os
import sys

if sys.argv[0] == "-m":  # run as a command, not imported by a test, whose process may need the Hub's library as it is
    os.environ["HF_HUB_OFFLINE"] = "1"  # before that library is imported: a name that is no folder is not looked up
