"""Programs that copy or map generated orders, each a process of its own: `python FILE ORDERS TARGET`."""
