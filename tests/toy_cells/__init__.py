"""A cell that is in no table of charrnn's, to test what a new cell takes."""
