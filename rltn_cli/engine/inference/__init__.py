"""From a drawing to a painted picture, and from a picture to its lines."""
