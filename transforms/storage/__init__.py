"""Storage: local files and object stores behind one contract, leases, and staging of a run's output."""
