"""The console script: each command's module is imported when the command is asked for."""

from importlib import import_module

import click

# Command → module:attribute.
COMMANDS = {
    "up": "bridge.cli.up:up",
    "web": "bridge.cli.processes:web",
    "worker": "bridge.cli.workers:worker",
    "clock": "bridge.cli.workers:clock",
    "sandbox": "bridge.cli.sandboxes:sandbox",
    "new-connector": "bridge.cli.new_connector:new_connector",
    "migrate": "bridge.cli.processes:migrate",
    "check": "bridge.cli.check:check",
    "test": "bridge.cli.check:run",
    "route": "bridge.cli.route:route",
    "explain": "bridge.cli.explain:tell",
    "who-can-see": "bridge.cli.explain:see",
    "sync": "bridge.cli.sync:sync",
    "dead": "bridge.cli.dead:dead",
    "replay": "bridge.cli.dead:replay_events",
    "deliveries": "bridge.cli.deliveries:deliveries",
    "doctor": "bridge.cli.doctor:doctor",
    "keys": "bridge.cli.keys:keys",
    "login": "bridge.cli.keys:login",
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        found = getattr(import_module(module), attribute)
        return found if isinstance(found, click.Command) else None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bridge")
def main() -> None:
    """A self-hosted bridge between CRMs and messengers that can say why."""
