"""Sampling: a model and prompts give characters."""
