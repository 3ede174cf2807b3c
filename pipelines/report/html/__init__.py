"""Documents as HTML pages: one file each, without scripts, that asks for nothing from anywhere."""
