"""A look at the pairs before training."""
