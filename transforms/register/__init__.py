"""The register: what was given out of a dataset so far, so that the next release is tested together with it."""
