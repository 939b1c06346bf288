"""Pairs on disk, references and augmentation."""
