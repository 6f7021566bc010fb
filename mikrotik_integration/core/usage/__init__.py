"""What customers used: one reading of a router, and counters turned into bytes and seconds."""
