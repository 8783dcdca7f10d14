"""What tables and plots of all tests share: the report's published figures, and the look."""
