"""Charts, one file each: what is drawn of a release's evidence, in the language that is spoken, for light and dark pages alike."""
