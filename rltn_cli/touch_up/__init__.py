"""The page of `rltn touch-up`: a saved painting put right by clicking; without PyTorch."""
