"""What is done with a drawing after the network painted it: fixes, finishes, layers, files. No torch here."""
