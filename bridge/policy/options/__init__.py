"""Every option of our YAML, once: the reader, the editors' schema and the documents follow it."""
