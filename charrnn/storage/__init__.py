"""The files of a model and of a run."""
