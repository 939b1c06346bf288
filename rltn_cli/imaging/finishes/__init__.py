"""From the network's small picture to the drawing's own size, under its lines."""
