"""The hotspot's pages written onto a router over the API, in a directory of their own, and read back.

`/file/add` is there from RouterOS 7.9, its `type` from 7.15 (argument trees); what is outside `flash`, on routers that have it, is lost at a reboot
(https://help.mikrotik.com/docs/spaces/ROS/pages/2555971/Files). Whether a file makes its directory is not
documented: so it is made first, and whatever the router says to that, only what is read back counts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import InvalidValue
from ..provisioning.marks import bears_site_mark, check_word, site_mark
from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchCommand, NotPermitted, Trap

MENU = "/file"
_COLUMNS = (".id", "name", "type", "size", "contents")
_DIRECTORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FLASH = "flash"
_BY_HAND = (
	"Over the API, RouterOS makes files and directories from 7.15 on: "
	"download the pages, and put their directory there by hand (Files in WinBox, or FTP)"
)
_EMPTY = re.compile(r"0? *(?:B|KiB)?")


@dataclass(frozen=True)
class PagesOutcome:
	"""`directory`: where the files are, as `html-directory-override` wants it. `written`: the names of files that
	changed. `problems`: files that are not as wanted, and why; empty if all were read back as wanted."""

	directory: str
	written: tuple[str, ...] = ()
	problems: tuple[str, ...] = ()

	@property
	def in_sync(self) -> bool:
		return not self.problems


def install_pages(router: Router, site_id: str, directory: str, files: Mapping[str, str]) -> PagesOutcome:
	"""Makes the directory hold these files, which bear the site's mark. A file without it is not overwritten.

	The API user needs the policy ftp besides read and write. Raises ConnectionLost, InvalidValue for a directory that is
	not one plain name, and the Trap of a menu that may not be read."""
	check_word(site_id, "The site id")
	if not _DIRECTORY.fullmatch(directory) or directory in ("hotspot", _FLASH):
		raise InvalidValue("The directory of the pages is one plain name of its own, like hotspot-erpnext")
	place = f"{_FLASH}/{directory}" if _read(router, [_FLASH]) else directory
	paths = {f"{place}/{name}": text for name, text in files.items()}
	before = _read(router, [place, *paths])
	foreign = [path for path in paths if path in before and not _is_ours(before[path], site_id)]
	changes = [path for path in paths if path not in foreign and not _holds(before.get(path), paths[path])]
	errors = _write(router, place, {path: paths[path] for path in changes}, before)
	after = _read(router, changes)
	return PagesOutcome(
		place,
		tuple(path for path in changes if _holds(after.get(path), paths[path])),
		tuple([*_foreign(foreign), *_failures(after, {path: paths[path] for path in changes}, errors)]),
	)


def _read(router: Router, names: list[str]) -> dict[str, Mapping[str, str]]:
	if not names:
		return {}
	queries = [
		word for place, name in enumerate(names) for word in (f"?name={name}", *(["?#|"] if place else []))
	]
	return {row.get("name", "").strip("/"): row for row in router.rows(MENU, _COLUMNS, *queries)}


def _write(
	router: Router, place: str, texts: Mapping[str, str], before: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
	"""What the router says against each file, or against their directory."""
	if not texts:
		return {}
	no_directory: Trap | None = None
	if place not in before:
		(made,) = router.run([Command(f"{MENU}/add", (("name", place), ("type", "directory")))])
		no_directory = made.error
	paths = [path for path in texts if path not in before or before[path].get(".id")]
	replies = router.run([_command(path, texts[path], before.get(path)) for path in paths])
	no_id = dict.fromkeys(texts, "The router shows it without its .id, so it cannot be changed")
	return no_id | {path: _why(reply, no_directory) for path, reply in zip(paths, replies, strict=True)}


def _why(reply: Reply, no_directory: Trap | None) -> str:
	if reply.error is None:
		return "The router holds something else"
	if isinstance(reply.error, NotPermitted):
		return "The API user may not write files: give its group the policy ftp besides read and write"
	if no_directory or isinstance(reply.error, NoSuchCommand):
		return f"{_BY_HAND} ({(no_directory or reply.error).message})"
	return str(reply.error)


def _command(path: str, text: str, row: Mapping[str, str] | None) -> Command:
	if row is None:
		return Command(f"{MENU}/add", (("name", path), ("contents", text)))
	return Command(f"{MENU}/set", ((".id", row[".id"]), ("contents", text)))


def _is_ours(row: Mapping[str, str], site_id: str) -> bool:
	"""An empty file is what a power cut leaves of one of ours, and nobody's loss. Contents that the router does not
	show are somebody else's: ours are small enough."""
	contents = row.get("contents", "")
	if row.get("type") == "directory" or not contents:
		return row.get("type") != "directory" and _EMPTY.fullmatch(row.get("size", "")) is not None
	return bears_site_mark(html.unescape(contents).replace("<!--", "#"), site_id)


def _holds(row: Mapping[str, str] | None, text: str) -> bool:
	return row is not None and row.get("contents", "").replace("\r\n", "\n").rstrip() == text.rstrip()


def _foreign(paths: list[str]) -> Iterator[str]:
	for path in paths:
		yield f"{path} is not this site's ({site_mark('...')} is not in it): remove it, or choose another directory"


def _failures(
	after: Mapping[str, Mapping[str, str]], texts: Mapping[str, str], errors: Mapping[str, str]
) -> Iterator[str]:
	for path, text in texts.items():
		if not _holds(after.get(path), text):
			yield f"{path} was not written. {errors[path]}"
