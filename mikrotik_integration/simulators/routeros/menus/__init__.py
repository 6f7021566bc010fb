"""The menus whose columns are known; every other menu of the argument tree keeps plain texts."""

from __future__ import annotations

from . import files, hotspot, ppp, system

DECLARED = {menu.path: menu for menu in (*hotspot.MENUS, *ppp.MENUS, *system.MENUS, *files.MENUS)}
