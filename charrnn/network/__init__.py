"""The network: gate inputs, cells that move a state through time, a softmax over characters."""
