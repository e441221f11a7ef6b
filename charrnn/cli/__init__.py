"""The command line. Only these modules import click and tqdm."""
