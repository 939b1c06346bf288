"""Line art from colour pictures, without a network."""
