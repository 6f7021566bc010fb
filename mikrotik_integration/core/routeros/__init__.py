"""RouterOS's binary API: connection, commands, values, errors."""
