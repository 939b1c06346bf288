"""Pairs on disk, references, augmentation and training batches."""
