"""The console script: each command's module is imported when the command is asked for."""

import gc
from importlib import import_module
from types import ModuleType

import click

# Command → module:attribute, and what it does: to ask the commands themselves takes seconds.
COMMANDS = {
    "up": ("bridge.cli.up:up", "Start everything: web, workers, clock, and a Redis of its own."),
    "web": ("bridge.cli.web:web", "Serve webhooks, pages and the API."),
    "worker": (
        "bridge.cli.workers:worker",
        "Process what webhooks brought and deliver what was decided.",
    ),
    "clock": (
        "bridge.cli.workers:clock",
        "Sweep for work nobody rang for, keep house, follow the configuration folder.",
    ),
    "sandbox": (
        "bridge.cli.sandboxes:sandbox",
        "Stand in for the vendor of ACCOUNT, an account of accounts.yaml.",
    ),
    "new-connector": (
        "bridge.cli.new_connector:new_connector",
        "Write a connector called NAME from a template, with sandbox, fixtures and tests.",
    ),
    "migrate": (
        "bridge.cli.processes:migrate",
        "Bring the store's schema up to date, and take in the configuration folder.",
    ),
    "check": (
        "bridge.cli.check:check",
        "Check the configuration folder: options, what they mean together, and its tests.",
    ),
    "test": ("bridge.cli.check:run", "Run the tests that stand in the YAML."),
    "route": (
        "bridge.cli.route:route",
        "Say who would get a client by the folder's rules, and why.",
    ),
    "simulate": (
        "bridge.cli.simulate:simulate",
        "Say what another configuration would have done with stored events.",
    ),
    "config": (
        "bridge.cli.config:config",
        "Show, edit and take back the configuration, with its history.",
    ),
    "renewals": (
        "bridge.cli.renewals:renewals",
        "Show coming renewals, who gets which notice and why; say who owns them.",
    ),
    "rotation": ("bridge.cli.rotation:rotation", "Show whose turn it is."),
    "explain": ("bridge.cli.explain:tell", "Tell why an event went as it did."),
    "who-can-see": (
        "bridge.cli.explain:see",
        "Name everybody who has access to a conversation, and the cause.",
    ),
    "sync": (
        "bridge.cli.sync:sync",
        "Read people, pipelines, channels, templates and known clients anew (safe at any time).",
    ),
    "reconcile": (
        "bridge.cli.reconcile:reconcile",
        "Compare the store with every vendor, in both directions; mend what is missing.",
    ),
    "dead": (
        "bridge.cli.dead:dead",
        "List, show, replay or drop dead letters: what no further try by itself can mend.",
    ),
    "replay": (
        "bridge.cli.dead:replay_events",
        "Drive events again from what is stored; what was delivered is not delivered twice.",
    ),
    "erase": (
        "bridge.cli.erase:erase",
        "Forget the client of CONVERSATION, here and in our entries in the CRM.",
    ),
    "deliveries": (
        "bridge.cli.deliveries:deliveries",
        "List what was delivered to vendors or is on its way, the newest first.",
    ),
    "doctor": (
        "bridge.cli.doctor:doctor",
        "Check configuration, store, queue, vendors and people; say what to do.",
    ),
    "clients": (
        "bridge.cli.client_files:clients",
        "Resellers' clients: their plans, units and statuses.",
    ),
    "partners": (
        "bridge.cli.partners:partners",
        "Run the partner programme: who takes part, who has which lead.",
    ),
    "keys": ("bridge.cli.keys:keys", "Create, list and revoke API keys."),
    "sessions": ("bridge.cli.sessions:sessions", "List and end the sessions of people."),
    "login": ("bridge.cli.keys:login", "Print a link that signs somebody in, once."),
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        place, _ = COMMANDS[cmd_name]
        module, _, attribute = place.partition(":")
        found = getattr(_imported(module), attribute)
        return found if isinstance(found, click.Command) else None


def _imported(module: str) -> ModuleType:
    """All of it stays: to look meanwhile for what may go takes a sixth of the time."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bridge")
def main() -> None:
    """A self-hosted bridge between CRMs and messengers that can say why."""
