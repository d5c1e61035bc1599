"""The steps of revision 0007, by subject."""
