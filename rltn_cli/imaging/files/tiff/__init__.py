"""What Pillow does not read of TIFF."""
