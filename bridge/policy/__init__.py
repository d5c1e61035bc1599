"""YAML to one checked, frozen `Policy`, with a place and a suggestion for every mistake."""
