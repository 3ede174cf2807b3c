"""``python -m beam_deid.pipelines`` is ``beam-deid``."""

from beam_deid.pipelines.cli import main

main()
