"""Verbs of /file and /tool/fetch, and what gives a hotspot its default files back."""

from __future__ import annotations

from . import fetching, files
from .command import DONE, Answer
from .errors import Trapped, not_permitted
from .table import Row
from .values import encoded
from .verbs import Call, Verb

_READ_BYTES = 32768


def add(call: Call) -> Answer:
	"""/file/add"""
	_check_policies(call)
	name, kind = files.tidy(call.args.get("name", "")), call.args.get("type", "file")
	if not name:
		raise Trapped("missing value(s) of argument(s) name", category=0)
	if files.find(call.router, name) is not None:
		raise Trapped(call.table.menu.duplicate)
	if not "directory".startswith(kind):
		_check_size(call)
		return Answer(ret=files.put(call.router, name, call.args.get("contents", _copied(call))))
	if "contents" in call.args:
		raise Trapped("failure: can not set contents of a directory")
	return Answer(ret=files.make_directories(call.router, name))


def change(call: Call) -> Answer:
	"""/file/set"""
	_check_policies(call)
	_check_size(call)
	for row in call.targets():
		if "contents" in call.args:
			if not files.is_editable(call.router, row):
				raise Trapped("failure: can not set contents of this file")
			files.put(call.router, row["name"], call.args["contents"])
		if "name" in call.args:
			files.rename(call.router, row, call.args["name"])
	return DONE


def remove(call: Call) -> Answer:
	"""/file/remove"""
	_check_policies(call)
	for row in call.targets():
		if row[".id"] in call.table.rows:
			files.remove(call.router, row)
	return DONE


def read(call: Call) -> Answer:
	"""/file/read: a piece of a file of any size."""
	found = files.text(call.router, call.args.get("file", ""))
	offset, size = call.args.get("offset", "0"), call.args.get("chunk-size", str(_READ_BYTES))
	if found is None:
		raise Trapped("failure: no such file")
	if not (offset.isdigit() and size.isdigit() and 0 < int(size) <= _READ_BYTES):
		raise Trapped(f"value of chunk-size out of range (1..{_READ_BYTES})", category=1)
	piece = encoded(found)[int(offset) : int(offset) + int(size)]
	return Answer(rows=[{"data": piece.decode("utf-8", "surrogateescape")}])


def fetch(call: Call) -> Answer:
	"""/tool/fetch: from http and https addresses, to a file or to who asks."""
	keeps = call.args.get("output", "file") == "file" and call.args.get("keep-result", "yes") != "no"
	if keeps and not {"ftp", "write"} <= call.policies:
		raise not_permitted()
	if "fetch" in call.router.behaviour.device_mode_forbids:
		raise Trapped("failure: not allowed by device-mode")
	order = fetching.understand(call.router, call.args)
	return Answer(later=lambda: _fetched(call, order, keeps))


def reset_html(call: Call) -> Answer:
	"""/ip/hotspot/reset-html: the default files are back in the servers' directories."""
	for row in call.targets():
		profile = call.router.table("/ip/hotspot/profile").find(row["profile"]) or {}
		files.unpack(call.router, profile.get("html-directory", "hotspot"))
	return DONE


def _fetched(call: Call, order: fetching.Order, keeps: bool) -> Answer:
	"""The answer to a fetch. The lock is not held while the other side is waited for. Raises Trapped."""
	data = fetching.fetch(order).decode("utf-8", "surrogateescape")
	kib = str(len(encoded(data)) // 1024)
	row: Row = {"status": "finished", "downloaded": kib, "total": kib, "duration": "1s", ".section": "0"}
	if keeps:
		with call.router.lock:
			files.put(call.router, order.dst_path, data)
			call.router.changes += 1
	elif call.args.get("output", "").startswith("user"):
		row["data"] = data[: fetching.USER_BYTES]
	return Answer(rows=[row])


def _copied(call: Call) -> str:
	source = call.args.get("copy-from")
	return "" if source is None else call.target(source).get("contents", "")


def _check_policies(call: Call) -> None:
	"""The manual on `ftp`: "should be used together with read/write policies"."""
	if "write" not in call.policies:
		raise not_permitted()


def _check_size(call: Call) -> None:
	if len(encoded(call.args.get("contents", ""))) > call.router.behaviour.file_contents_bytes:
		raise Trapped("failure: new contents too long")


FILE_VERBS: dict[tuple[str, str], tuple[Verb, str]] = {
	("/file", "add"): (add, "ftp"),
	("/file", "set"): (change, "ftp"),
	("/file", "remove"): (remove, "ftp"),
	("/file", "read"): (read, "read"),
	("/tool", "fetch"): (fetch, "test"),
	("/ip/hotspot", "reset-html"): (reset_html, "write"),
}
