"""The router's file system, as /file shows it. Directories are rows of their own.

Limits and behaviour: https://help.mikrotik.com/docs/spaces/ROS/pages/2555971/Files ("retrieve content and edit
files up to 60KB in size"; a RAM disk beside `flash`; a write cache of up to 40 seconds). The words of the traps are
not documented.
"""

from __future__ import annotations

from pathlib import Path

from . import values
from .errors import Trapped
from .router import Router
from .table import Row

FILES = "/file"
DIRECTORY = "directory"
_DEFAULTS = Path(__file__).with_name("data") / "hotspot"
_FLASH = "flash"


def unpack(router: Router, directory: str) -> None:
	"""Puts the hotspot's default files there."""
	make_directories(router, directory)
	for path in sorted(_DEFAULTS.rglob("*")):
		name = f"{directory}/{path.relative_to(_DEFAULTS).as_posix()}"
		if path.is_dir():
			make_directories(router, name)
		else:
			put(router, name, path.read_text())


def unpack_first(router: Router) -> None:
	"""What a new router holds; with a flash directory, the hotspot's files are in it."""
	directory = "hotspot"
	if router.behaviour.has_flash_directory:
		directory = f"{_FLASH}/{directory}"
		for profile in router.table("/ip/hotspot/profile").rows.values():
			profile["html-directory"] = directory
	unpack(router, directory)


def find(router: Router, name: str) -> Row | None:
	"""The file or directory of this name."""
	return router.table(FILES).find(tidy(name))


def text(router: Router, name: str) -> str | None:
	"""The whole of a file; None where there is none."""
	row = find(router, name)
	return None if row is None or row["type"] == DIRECTORY else row.get("contents", "")


def put(router: Router, name: str, contents: str) -> str:
	"""Writes a file, over one that is there; its `.id`. Raises Trapped where its directory is missing."""
	name = tidy(name)
	parent = name.rpartition("/")[0]
	if parent and find(router, parent) is None:
		if router.behaviour.files_need_directory:
			raise Trapped("failure: no such directory")
		make_directories(router, parent)
	found = find(router, name)
	if found is not None and found["type"] == DIRECTORY:
		raise Trapped("failure: is a directory")
	if found is None:
		found = router.table(FILES).rows[router.table(FILES).insert({"name": name, "type": _type(name)})]
	found["contents"] = contents
	found["size"] = str(len(values.encoded(contents)))
	touch(router, found)
	return found[".id"]


def touch(router: Router, row: Row) -> None:
	"""Notes that a file was written now."""
	row["last-modified"] = f"{router.clock.wall():%Y-%m-%d %H:%M:%S}"
	router.written_files[row["name"]] = router.clock.now()


def make_directories(router: Router, name: str) -> str:
	"""Makes a directory with all that it is in; its `.id`."""
	name = tidy(name)
	parent = name.rpartition("/")[0]
	if parent:
		make_directories(router, parent)
	found = find(router, name)
	return found[".id"] if found else router.table(FILES).insert({"name": name, "type": DIRECTORY})


def remove(router: Router, row: Row) -> None:
	"""Takes a file away, or a directory with all that is in it."""
	for inner in within(router, row["name"]):
		router.table(FILES).remove(inner)
	router.table(FILES).remove(row)


def rename(router: Router, row: Row, name: str) -> None:
	"""Gives a file or a directory another name. Raises Trapped."""
	old, name = row["name"], tidy(name)
	inside = within(router, old)
	router.table(FILES).change(row, {"name": name})
	for inner in inside:
		router.table(FILES).change(inner, {"name": name + inner["name"][len(old) :]})
	if row["type"] != DIRECTORY:
		row["type"] = _type(name)


def within(router: Router, directory: str) -> list[Row]:
	"""All that is in a directory and below."""
	rows = router.table(FILES).rows.values()
	return [row for row in rows if row["name"].startswith(tidy(directory) + "/")]


def shown(router: Router) -> list[Row]:
	"""The rows as `print` has them: `contents` only of text that is not too long."""
	limit = router.behaviour.file_contents_bytes
	return [
		row
		if _is_showable(row, limit)
		else {name: value for name, value in row.items() if name != "contents"}
		for row in router.table(FILES).rows.values()
	]


def is_editable(router: Router, row: Row) -> bool:
	"""Whether the contents may be set: not of a directory, and not of what cannot be shown."""
	return _is_showable(row, router.behaviour.file_contents_bytes)


def restart(router: Router, power_cut: bool) -> None:
	"""What a restart does to the files."""
	behaviour, now = router.behaviour, router.clock.now()
	for row in list(router.table(FILES).rows.values()):
		top = row["name"].split("/")[0]
		if behaviour.has_flash_directory and top != _FLASH:
			router.table(FILES).remove(row)
		elif power_cut and now - router.written_files.get(row["name"], now) < behaviour.files_cached_s:
			row.update({"contents": "", "size": "0"} if row["type"] != DIRECTORY else {})
	router.written_files.clear()


def tidy(name: str) -> str:
	"""The name without slashes around it."""
	return name.strip("/")


def _type(name: str) -> str:
	suffix = Path(name).suffix
	return f"{suffix} file" if suffix else "file"


def _is_showable(row: Row, limit: int) -> bool:
	is_text = not any("\udc80" <= letter <= "\udcff" or letter == "\0" for letter in row.get("contents", ""))
	return row["type"] != DIRECTORY and is_text and int(row["size"] or 0) <= limit
