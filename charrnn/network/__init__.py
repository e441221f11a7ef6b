"""The network: gate inputs, cells that carry a state through time, a softmax over characters."""
