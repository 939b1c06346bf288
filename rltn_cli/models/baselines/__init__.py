"""The methods that the paper compares RLTN with, written from their papers: networks only."""
