"""Tables in memory, released and assessed in this process without an engine, and given back as what they came as."""
