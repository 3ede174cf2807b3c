"""What is counted of typed records: histograms, scans, cells of records that are alike."""
