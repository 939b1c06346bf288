"""What tools/train_slices.py trains from and carries between machines: packs of pairs, shards of a state."""
