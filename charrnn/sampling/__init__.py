"""Sampling: a model and an opening give characters."""
