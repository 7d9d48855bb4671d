"""One offline HTML page to look at a data set: `python -m data_gen.report PATH`."""
