"""Risk arithmetic on histograms: measures, and the join test."""
