"""Training: truncated backpropagation through time, and the settings that it needs."""
