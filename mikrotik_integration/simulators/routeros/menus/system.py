"""Interfaces, queues, pools, services, users and what else the business touches."""

from __future__ import annotations

from ..behaviour import ALL_POLICIES
from ..kinds import DURATION, FLAG, Address, Mac, Number, Ranges, RatePair, Reference
from ..menu import COMMENT, DISABLED, Column, Menu, counter, flags

INTERFACE = Menu(
	"/interface",
	columns=(
		Column("name"),
		Column("default-name", read_only=True),
		Column("type", default="ether", read_only=True),
		Column("mtu", default="1500"),
		Column("actual-mtu", default="1500", read_only=True),
		Column("mac-address", Mac(), read_only=True),
		*(counter(name) for name in ("rx-byte", "tx-byte", "rx-packet", "tx-packet", "rx-drop", "tx-drop")),
		*flags("dynamic"),
		Column("running", FLAG, "true", read_only=True),
		DISABLED,
		COMMENT,
	),
	unique=("name",),
	seed=(
		{"name": "ether1", "default-name": "ether1", "mac-address": "02:00:00:00:00:01"},
		{"name": "ether2", "default-name": "ether2", "mac-address": "02:00:00:00:00:02"},
		{"name": "bridge", "type": "bridge", "mac-address": "02:00:00:00:00:03"},
	),
)

POOL = Menu(
	"/ip/pool",
	columns=(
		Column("name"),
		Column("ranges", Ranges()),
		Column("next-pool", Reference("/ip/pool", ("none",))),
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: pool with such name exists",
	required=("name", "ranges"),
	seed=({"name": "hs-pool", "ranges": "10.5.50.2-10.5.255.254"},),
)

_PAIR = RatePair()

SIMPLE_QUEUE = Menu(
	"/queue/simple",
	columns=(
		Column("name"),
		Column("target", default=""),
		Column("parent", Reference("/queue/simple", ("none",)), "none"),
		Column("packet-marks", default=""),
		Column("priority", default="8/8"),
		Column("queue", default="default-small/default-small"),
		*(Column(name, _PAIR, "0/0") for name in ("limit-at", "max-limit", "burst-limit", "burst-threshold")),
		Column("burst-time", default="0s/0s"),
		Column("bucket-size", default="0.1/0.1"),
		*(counter(name, "0/0") for name in ("bytes", "packets", "dropped", "rate")),
		Column("time"),
		Column("dst"),
		*flags("invalid", "dynamic"),
		DISABLED,
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: already have such name",
	required=("target",),
	unset=("dst", "target", "time"),
)

QUEUE_TYPE = Menu(
	"/queue/type",
	columns=(Column("name"), Column("kind", default="pfifo"), *flags("default")),
	unique=("name",),
	seed=({"name": "default", "default": "true"}, {"name": "default-small", "default": "true"}),
	undeletable="failure: can not remove default queue type",
)

_SERVICES = {
	"telnet": 23,
	"ftp": 21,
	"www": 80,
	"ssh": 22,
	"www-ssl": 443,
	"api": 8728,
	"winbox": 8291,
	"api-ssl": 8729,
}

SERVICE = Menu(
	"/ip/service",
	columns=(
		Column("name", read_only=True),
		Column("port", Number(1, 65535)),
		Column("address", default=""),
		Column("certificate", Reference("/certificate", ("none",))),
		Column("tls-version", default="any"),
		Column("vrf", default="main"),
		Column("max-sessions", Number(1, 1000), "20"),
		*flags("invalid"),
		DISABLED,
	),
	unique=("name",),
	seed=tuple({"name": name, "port": str(port)} for name, port in _SERVICES.items()),
)

USER = Menu(
	"/user",
	columns=(
		Column("name"),
		Column("group", Reference("/user/group")),
		Column("address", default=""),
		Column("password", secret=True),
		Column("last-logged-in", read_only=True),
		DISABLED,
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: user with the same name already exists",
	required=("name", "group"),
)

_READ_POLICIES = (
	*("local", "telnet", "ssh", "reboot", "read", "test", "winbox", "password", "web", "sniff", "sensitive"),
	*("api", "romon", "rest-api"),
)
_GROUPS = {
	"read": set(_READ_POLICIES),
	"write": {*_READ_POLICIES, "write"},
	"full": set(ALL_POLICIES),
}


def _policy(allowed: set[str]) -> str:
	"""All policies, those that are not allowed with an exclamation mark, as routers show them."""
	return ",".join(name if name in allowed else f"!{name}" for name in ALL_POLICIES)


USER_GROUP = Menu(
	"/user/group",
	columns=(Column("name"), Column("policy", default=""), Column("skin", default="default"), COMMENT),
	unique=("name",),
	duplicate="failure: group with the same name already exists",
	required=("name",),
	seed=tuple({"name": name, "policy": _policy(allowed)} for name, allowed in _GROUPS.items()),
)

IDENTITY = Menu("/system/identity", columns=(Column("name", default="MikroTik"),), single=True)

CLOCK = Menu(
	"/system/clock",
	columns=(
		*(Column(name, read_only=True) for name in ("date", "time")),
		Column("time-zone-autodetect", FLAG, "true"),
		Column("time-zone-name", default="manual"),
	),
	single=True,
)

SCRIPT = Menu(
	"/system/script",
	columns=(
		Column("name"),
		Column("owner", default="admin"),
		Column("policy", default="read,write,test"),
		Column("dont-require-permissions", FLAG, "false"),
		Column("run-count", default="0", read_only=True),
		Column("source", default=""),
		*flags("invalid"),
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: item with this name already exists",
)

SCHEDULER = Menu(
	"/system/scheduler",
	columns=(
		Column("name"),
		Column("start-date"),
		Column("start-time"),
		Column("interval", DURATION, "0s"),
		Column("on-event", default=""),
		Column("policy", default="read,write,test"),
		Column("run-count", default="0", read_only=True),
		DISABLED,
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: item with this name already exists",
)

RADIUS = Menu(
	"/radius",
	columns=(
		Column("service", default=""),
		Column("address", Address()),
		Column("secret", default="", secret=True),
		Column("timeout", default="300ms"),
		DISABLED,
		COMMENT,
	),
)

RADIUS_INCOMING = Menu(
	"/radius/incoming",
	columns=(Column("accept", FLAG, "false"), Column("port", Number(1, 65535), "3799")),
	single=True,
)

LICENSE = Menu(
	"/system/license",
	columns=(Column("system-id", read_only=True),),
	single=True,
)

LOG = Menu("/log", columns=tuple(Column(name) for name in ("time", "topics", "message")), saved=False)

MENUS = (
	INTERFACE,
	POOL,
	SIMPLE_QUEUE,
	QUEUE_TYPE,
	SERVICE,
	USER,
	USER_GROUP,
	IDENTITY,
	CLOCK,
	SCRIPT,
	SCHEDULER,
	RADIUS,
	RADIUS_INCOMING,
	LICENSE,
	LOG,
)
