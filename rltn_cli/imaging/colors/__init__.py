"""Palettes, and which of their colours each region takes."""
