"""Training of the network that draws lines."""
