"""The objectives of the methods that the paper compares RLTN with, written from their papers."""
