"""The hotspot's web pages, each device with its own view of them."""

from .devices import Device
from .front import HotspotWeb

__all__ = ["Device", "HotspotWeb"]
