"""Sampling: a model continues prompts, character by character."""
