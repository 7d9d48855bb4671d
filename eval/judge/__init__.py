"""Judges that score an open answer against its reference, from 0 (contradicts it) to 3 (says the same)."""
