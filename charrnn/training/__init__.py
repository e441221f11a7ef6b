"""Training: truncated backpropagation through time, checkpoints and run folders."""
