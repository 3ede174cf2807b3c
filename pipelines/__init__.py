"""The commands, one file each: parse, call, print; no arithmetic. What they show to a person is made in `views`."""
