"""One training, from text files to a run folder."""
