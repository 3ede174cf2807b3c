"""What a run knows, for a person to read: pages, drafts of documents, and records, all made from the stored evidence alone."""
