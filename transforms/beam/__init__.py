"""Every step that runs on Beam, one a file; nothing elsewhere under `transforms` imports it."""
