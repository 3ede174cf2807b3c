"""Every Python that has this folder in its path notes how large the elements are that it hands on to another stage.

An engine's Python workers are processes of its own, so that nobody but they sees what they encode. Each notes the largest element
of each class that a coder of ours encodes in a file, whose folder the environment variable ``WEIGHED`` names: ``PROCESS-CLASS``,
with the bytes.
"""

import functools
import importlib.abc
import importlib.util
import os
import sys

CODERS = "beam_deid.transforms.beam.coders"


def weighed(encode, most={}):  # noqa: B006 - what is known of all classes
    """An ``encode`` that notes what is larger than all before."""

    @functools.wraps(encode)
    def noting(self, value):
        data = encode(self, value)
        name = type(value).__name__
        if len(data) > most.get(name, 0):
            most[name] = len(data)
            with open(os.path.join(os.environ["WEIGHED"], f"{os.getpid()}-{name}"), "w") as note:
                note.write(str(len(data)))
        return data

    return noting


class Finder(importlib.abc.MetaPathFinder):
    """Changes the coders when they are imported, not before: most processes of an engine never do."""

    def find_spec(self, name, path, target=None):
        """The coders' own, with one thing more to be done; of all other modules nothing."""
        if name != CODERS:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def executed(module):
            execute(module)
            for coder in (module.FactsCoder, module.RecordBatchCoder):
                coder.encode = weighed(coder.encode)

        spec.loader.exec_module = executed
        return spec


if "WEIGHED" in os.environ:
    sys.meta_path.insert(0, Finder())
