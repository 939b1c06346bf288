"""The regions between a drawing's lines."""
