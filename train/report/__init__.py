"""One offline HTML page about a training run: `python -m train.report RUN`."""
