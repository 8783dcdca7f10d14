"""What an update says: the report, and its words."""
