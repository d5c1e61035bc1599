"""The settings' pages: forms whose changes become edits of the YAML, reviewed before they count."""
