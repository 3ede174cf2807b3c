"""Where bytes are: local files and object stores."""
