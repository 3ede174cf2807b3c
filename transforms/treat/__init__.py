"""What happens to rows: read and typed, treated, rejected, written to a part."""
