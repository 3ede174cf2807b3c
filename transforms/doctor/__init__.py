"""Whether a run would work before anybody starts it: what is looked at here and on a worker, and what of it is missing."""
