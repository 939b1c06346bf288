"""The page of `rltn touch-up`: a saved painting is corrected by clicking; without PyTorch."""
