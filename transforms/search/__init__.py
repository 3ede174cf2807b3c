"""The search for the levels at which a release is safe."""
