"""Categories of personal information, and lists of values that are sensitive: data of ``configs/``, read once and checked."""
