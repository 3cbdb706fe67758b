"""What comes from elsewhere, and what goes out: arrays within bounds, text without control characters, values of their types."""
