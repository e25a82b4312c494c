"""The command `kaohe`: parse, call, print. Exit 0: all good; 3: something was refused; 2: wrong use."""

import sys
from importlib import import_module
from io import TextIOWrapper

import click

# Each command and its place. It is loaded when it is asked for: loading a server takes longer than scoring.
COMMANDS = {
    "check": ".commands.policies:check",
    "compare": ".commands.compare:compare_command",
    "policies": ".commands.policies:policies",
    "readings": ".commands.readings:readings_command",
    "recheck": ".commands.spotchecks:recheck_command",
    "sample": ".commands.spotchecks:sample_command",
    "scenarios": ".commands.scenarios:scenarios",
    "score": ".commands.score:score",
    "serve": ".server:serve_command",
    "settle": ".commands.settle:settle_command",
    "show": ".commands.policies:show",
    "test": ".commands.scenarios:test",
}


class Commands(click.Group):
    """The commands above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command by name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module, __package__), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kaohe")
def main() -> None:
    """考核: score public-service platforms against a yearly assessment policy."""
    for stream in (sys.stdout, sys.stderr):
        # Answers are UTF-8 whatever the locale is, and no character that was posted can stop them.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
