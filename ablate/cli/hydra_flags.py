"""Hydra's own flags: they show the configuration, and never train or write a folder."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import hydra
from omegaconf import DictConfig

from ablate.cli.output import write_result
from ablate.config.tree import find_tree

__all__ = ["show"]


def show(arguments: Sequence[str]) -> int:
    """Hands the arguments to a Hydra application that does nothing itself."""
    tree = find_tree(Path.cwd())

    @hydra.main(  # type: ignore[untyped-decorator]
        version_base=None, config_path=str(tree.shipped), config_name="config"
    )
    def application(config: DictConfig) -> None:
        del config

    sys.argv = ["ablate", *arguments, "hydra.run.dir=.", "hydra.output_subdir=null"]
    shown = io.StringIO()
    try:
        with redirect_stdout(shown):
            application()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        write_result(shown.getvalue())
    return 0
