"""The label rule, and labels as documents."""
