"""The steps of revision 0005, by subject."""
