"""The steps of revision 0006, by subject."""
