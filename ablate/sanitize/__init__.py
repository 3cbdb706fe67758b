"""What comes from elsewhere: arrays within bounds, text without control characters, values of their types."""
