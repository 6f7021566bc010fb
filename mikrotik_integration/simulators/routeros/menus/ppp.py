"""What /ppp holds."""

from __future__ import annotations

from ..kinds import DURATION, FLAG, SIZE, Address, Choice, RateLimit, Reference
from ..menu import COMMENT, DISABLED, Column, Menu

_DEFAULT_NO_YES = Choice(("default", "no", "yes"))
_ADDRESS_OR_POOL = Reference("/ip/pool", or_address=True)
_NEVER = "1970-01-01 00:00:00"

SECRET = Menu(
	"/ppp/secret",
	columns=(
		Column("name"),
		Column("service", Choice(("any", "async", "l2tp", "ovpn", "pppoe", "pptp", "sstp")), "any"),
		Column("caller-id", default=""),
		Column("password", default="", secret=True),
		Column("profile", Reference("/ppp/profile"), "default"),
		Column("local-address", _ADDRESS_OR_POOL),
		Column("remote-address", _ADDRESS_OR_POOL),
		Column("remote-ipv6-prefix"),
		Column("routes", default=""),
		Column("ipv6-routes", default=""),
		Column("limit-bytes-in", SIZE, "0"),
		Column("limit-bytes-out", SIZE, "0"),
		Column("last-logged-out", default=_NEVER, read_only=True),
		Column("last-caller-id", read_only=True),
		Column("last-disconnect-reason", read_only=True),
		DISABLED,
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: secret with the same name already exists",
	required=("name",),
	unset=("local-address", "remote-address", "remote-ipv6-prefix"),
)

PROFILE = Menu(
	"/ppp/profile",
	columns=(
		Column("name"),
		Column("local-address", _ADDRESS_OR_POOL),
		Column("remote-address", _ADDRESS_OR_POOL),
		Column("remote-ipv6-prefix-pool"),
		Column("bridge-learning", _DEFAULT_NO_YES, "default"),
		Column("use-ipv6", Choice(("default", "no", "required", "yes")), "yes"),
		Column("use-mpls", Choice(("default", "no", "required", "yes")), "default"),
		Column("use-compression", _DEFAULT_NO_YES, "default"),
		Column("use-encryption", Choice(("default", "no", "required", "yes")), "default"),
		Column("only-one", _DEFAULT_NO_YES, "default"),
		Column("change-tcp-mss", _DEFAULT_NO_YES, "default"),
		Column("use-upnp", _DEFAULT_NO_YES, "default"),
		Column("rate-limit", RateLimit()),
		Column("session-timeout", DURATION),
		Column("idle-timeout", DURATION),
		Column("address-list", default=""),
		Column("dns-server"),
		Column("wins-server", Address()),
		Column("parent-queue", Reference("/queue/simple", ("none",))),
		Column("queue-type", Reference("/queue/type")),
		Column("insert-queue-before", Reference("/queue/simple", ("bottom", "first"))),
		Column("on-up", default=""),
		Column("on-down", default=""),
		Column("default", FLAG, "false", read_only=True),
		COMMENT,
	),
	unique=("name",),
	duplicate="failure: profile with the same name already exists",
	required=("name",),
	seed=(
		{"name": "default", "default": "true", "change-tcp-mss": "yes"},
		{"name": "default-encryption", "default": "true", "change-tcp-mss": "yes", "use-encryption": "yes"},
	),
	unset=(
		*("bridge", "bridge-horizon", "bridge-path-cost", "bridge-port-priority", "bridge-port-trusted"),
		*("bridge-port-vid", "dhcpv6-lease-time", "dhcpv6-use-radius", "dns-server", "idle-timeout"),
		*("incoming-filter", "insert-queue-before", "interface-list", "local-address", "outgoing-filter"),
		*("parent-queue", "queue-type", "rate-limit", "remote-address", "remote-ipv6-prefix-reuse"),
		*("session-timeout", "wins-server"),
	),
	undeletable="failure: can not remove default ppp profile",
)

AAA = Menu(
	"/ppp/aaa",
	columns=(
		Column("use-radius", FLAG, "false"),
		Column("accounting", FLAG, "true"),
		Column("interim-update", DURATION, "0s"),
		Column("use-circuit-id-in-nas-port-id", FLAG, "false"),
	),
	single=True,
)

MENUS = (SECRET, PROFILE, AAA)
