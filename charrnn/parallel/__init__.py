"""Processes that share a batch, and the machine that they run on."""
