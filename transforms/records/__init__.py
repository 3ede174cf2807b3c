"""One way of treating a record: typed batches in, measured or released batches out. No Beam here."""
