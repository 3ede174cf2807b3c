"""The policy: its model, its reader, its JSON Schema, and the plan of what it will do."""
