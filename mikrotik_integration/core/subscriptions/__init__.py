"""When a subscription gives access and until when: pure functions of events, plan and time."""
