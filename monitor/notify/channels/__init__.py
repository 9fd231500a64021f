"""How a notice is written for each kind of channel: pure, and within the limits that the far end documents."""
