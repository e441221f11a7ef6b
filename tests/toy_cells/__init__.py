"""Cells that are in no table of charrnn's, to test what a new cell takes."""
