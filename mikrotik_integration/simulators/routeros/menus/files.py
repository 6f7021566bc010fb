"""What /file holds; its rows are made by `..files`."""

from __future__ import annotations

from ..menu import Column, Menu

FILE = Menu(
	"/file",
	columns=(
		Column("name"),
		Column("type", read_only=True),
		Column("size", read_only=True),
		Column("last-modified", read_only=True),
		Column("contents"),
	),
	unique=("name",),
	duplicate="failure: file already exists",
	required=("name",),
)

MENUS = (FILE,)
