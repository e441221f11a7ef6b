"""How numbers look: text for a terminal, and JSON."""
