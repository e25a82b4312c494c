"""The command as people run it, for scenarios too."""

from tests.command.conftest import kaohe

__all__ = ["kaohe"]
