"""The register: the releases of a dataset so far, so that the next release is tested together with them."""
