"""`python -m tests.hostile.commands` reads `[[{variable: value}, [word, …]], …]` and runs them one
after another, all that they say on stdout. To start Python for each would cost more than the rest.
"""

import json
import sys

from click.testing import CliRunner

from bridge.cli import main


def say(environ: dict[str, str], words: list[str]) -> None:
    result = CliRunner().invoke(main, words, env=environ)
    sys.stdout.write(f"{' '.join(words)}: {result.exit_code}\n{result.output}\n")


if __name__ == "__main__":
    for environ, words in json.load(sys.stdin):
        say(environ, words)
