"""Making a router hold what it should: desired state, actual state, the difference, its application."""
