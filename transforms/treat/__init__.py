"""The treatment of rows: reading and typing, the release's actions, rejection, and writing of parts."""
