"""The steps of revision 0004, by subject."""
