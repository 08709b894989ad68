"""The nation at work, played against the real services; what was played is kept in a journal, and checked."""
