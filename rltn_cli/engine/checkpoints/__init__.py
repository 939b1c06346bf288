"""Models on disk and on the Hub: names, files, weights, cards, and export."""
