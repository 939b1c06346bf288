"""Inference, training and evaluation."""
