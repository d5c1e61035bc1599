"""Tables as people keep them, CSV and XLSX: written so that nothing runs, read with suspicion."""
