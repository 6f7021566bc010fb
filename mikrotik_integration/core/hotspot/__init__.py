"""What a router's hotspot needs for a portal: its pages, a way to it before login, and ways to log in."""
