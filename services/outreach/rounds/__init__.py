"""What outreach's worker does by itself, again and again."""
