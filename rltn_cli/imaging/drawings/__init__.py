"""From a picture of a drawing to clean lines on white paper."""
