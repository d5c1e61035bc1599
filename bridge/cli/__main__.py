"""`python -m bridge.cli` is the console script."""

from bridge.cli import main

main(prog_name="bridge")
