"""Training: losses, steps, runs and their folders."""
