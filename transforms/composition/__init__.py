"""Line 8: what releases of the same records say together."""
