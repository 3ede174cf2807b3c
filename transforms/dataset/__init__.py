"""Files of any dataset as they are, whoever made them: read, sampled, counted, joined, assessed; releases beside their source."""
