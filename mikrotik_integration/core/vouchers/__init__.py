"""Hotspot vouchers: codes, what is left of them, devices, links, and what a router needs to sell them."""
