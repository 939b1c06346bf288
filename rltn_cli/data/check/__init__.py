"""The check of the pairs before training."""
