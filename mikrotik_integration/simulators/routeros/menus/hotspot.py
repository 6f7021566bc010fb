"""What /ip/hotspot holds."""

from __future__ import annotations

from ..kinds import (
	DURATION,
	FLAG,
	SIZE,
	Address,
	Choice,
	Duration,
	Mac,
	Number,
	RateLimit,
	Reference,
	Several,
)
from ..menu import COMMENT, DISABLED, Column, Menu, counter, flags

_SERVER = Column("server", Reference("/ip/hotspot", ("all",)), "all")

USER = Menu(
	"/ip/hotspot/user",
	columns=(
		_SERVER,
		Column("name", default=""),
		Column("password", secret=True),
		Column("address", Address()),
		Column("mac-address", Mac()),
		Column("profile", Reference("/ip/hotspot/user/profile"), "default"),
		Column("routes"),
		Column("email"),
		Column("limit-uptime", DURATION),
		Column("limit-bytes-in", SIZE),
		Column("limit-bytes-out", SIZE),
		Column("limit-bytes-total", SIZE),
		counter("uptime", "0s"),
		*(counter(name) for name in ("bytes-in", "bytes-out", "packets-in", "packets-out")),
		*flags("default", "dynamic"),
		DISABLED,
		COMMENT,
	),
	unique=("name", "server"),
	duplicate="failure: already have user with this name for this server",
	seed=(
		{
			"name": "default-trial",
			"default": "true",
			"comment": "counters and limits for trial users",
		},
	),
	undeletable="failure: can not remove default trial user",
)

USER_PROFILE = Menu(
	"/ip/hotspot/user/profile",
	columns=(
		Column("name"),
		Column("address-pool", Reference("/ip/pool", ("none",))),
		Column("session-timeout", DURATION),
		Column("idle-timeout", Duration(("none",)), "none"),
		Column("keepalive-timeout", Duration(("none",)), "2m"),
		Column("status-autorefresh", Duration(("none",)), "1m"),
		Column("shared-users", Number(1, words=("unlimited",)), "1"),
		Column("add-mac-cookie", FLAG, "true"),
		Column("mac-cookie-timeout", DURATION, "3d"),
		Column("rate-limit", RateLimit()),
		Column("address-list", default=""),
		Column("on-login"),
		Column("on-logout"),
		Column("parent-queue", Reference("/queue/simple", ("none",))),
		Column("queue-type", Reference("/queue/type")),
		Column("insert-queue-before", Reference("/queue/simple", ("bottom", "first"))),
		Column("transparent-proxy", FLAG, "false"),
		Column("advertise", FLAG),
		Column("open-status-page", Choice(("always", "http-login"))),
		*flags("default"),
	),
	unique=("name",),
	duplicate="failure: already have user profile with this name",
	required=("name",),
	seed=({"name": "default", "default": "true"},),
	unset=(
		*("idle-timeout", "insert-queue-before", "keepalive-timeout", "mac-cookie-timeout"),
		*("parent-queue", "queue-type"),
	),
	undeletable="failure: can not remove default user profile",
)

SERVER = Menu(
	"/ip/hotspot",
	columns=(
		Column("name"),
		Column("interface", Reference("/interface")),
		Column("address-pool", Reference("/ip/pool", ("none",)), "none"),
		Column("profile", Reference("/ip/hotspot/profile"), "default"),
		Column("addresses-per-mac", Number(1, words=("unlimited",)), "2"),
		Column("idle-timeout", Duration(("none",)), "5m"),
		Column("keepalive-timeout", Duration(("none",)), "none"),
		Column("login-timeout", Duration(("none",)), "none"),
		*flags("invalid", "HTTPS"),
		DISABLED,
	),
	unique=("name",),
	required=("interface",),
	seed=({"name": "hotspot1", "interface": "bridge", "address-pool": "hs-pool", "profile": "hsprof1"},),
)

_LOGIN_BY = Several(("cookie", "http-chap", "http-pap", "https", "mac", "mac-cookie", "trial"))

SERVER_PROFILE = Menu(
	"/ip/hotspot/profile",
	columns=(
		Column("name"),
		Column("hotspot-address", Address(), "0.0.0.0"),
		Column("dns-name", default=""),
		Column("html-directory", default="hotspot"),
		Column("html-directory-override", default=""),
		Column("http-proxy", default="0.0.0.0:0"),
		Column("http-cookie-lifetime", DURATION, "3d"),
		Column("smtp-server", Address(), "0.0.0.0"),
		Column("login-by", _LOGIN_BY, "cookie,http-chap"),
		Column("mac-auth-mode", Choice(("mac-as-username", "mac-as-username-and-password"))),
		Column("mac-auth-password", secret=True),
		Column("rate-limit", RateLimit(), ""),
		Column("ssl-certificate", Reference("/certificate", ("none",))),
		Column("split-user-domain", FLAG, "false"),
		Column("install-hotspot-queue", FLAG, "false"),
		Column("trial-uptime-limit", DURATION),
		Column("trial-uptime-reset", DURATION),
		Column("trial-user-profile", Reference("/ip/hotspot/user/profile")),
		Column("use-radius", FLAG, "false"),
		Column("radius-accounting", FLAG),
		*flags("default"),
	),
	unique=("name",),
	required=("name",),
	seed=(
		{"name": "default", "default": "true"},
		{
			"name": "hsprof1",
			"hotspot-address": "10.5.50.1",
			"dns-name": "login.example",
			"login-by": "cookie,http-chap,http-pap,mac-cookie",
		},
	),
	undeletable="failure: can not remove default profile",
)

COOKIE = Menu(
	"/ip/hotspot/cookie",
	columns=(
		*(Column(name) for name in ("user", "domain", "mac-address", "expires-in")),
		Column("mac-cookie", FLAG, "true", read_only=True),
	),
	unique=("mac-address", "mac-cookie"),
)

IP_BINDING = Menu(
	"/ip/hotspot/ip-binding",
	columns=(
		Column("mac-address", Mac()),
		Column("address", Address(network=True)),
		Column("to-address", Address()),
		_SERVER,
		Column("type", Choice(("regular", "bypassed", "blocked")), "regular"),
		*flags("bypassed", "blocked"),
		DISABLED,
		COMMENT,
	),
	unique=("mac-address", "address", "server"),
	duplicate="failure: such client already exists",
)

WALLED_GARDEN = Menu(
	"/ip/hotspot/walled-garden",
	columns=(
		Column("action", Choice(("allow", "deny")), "allow"),
		Column("server", Reference("/ip/hotspot")),
		Column("src-address", Address(network=True)),
		*(Column(name) for name in ("method", "dst-host", "dst-port", "path")),
		counter("hits"),
		*flags("dynamic"),
		DISABLED,
		COMMENT,
	),
	unset=("dst-address", "dst-host", "dst-port", "method", "path", "server", "src-address"),
)

WALLED_GARDEN_IP = Menu(
	"/ip/hotspot/walled-garden/ip",
	columns=(
		Column("action", Choice(("accept", "drop", "reject")), "accept"),
		Column("server", Reference("/ip/hotspot")),
		Column("src-address", Address(network=True)),
		Column("dst-address", Address(network=True)),
		*(
			Column(name)
			for name in ("protocol", "dst-port", "dst-host", "dst-address-list", "src-address-list")
		),
		*flags("invalid", "dynamic"),
		DISABLED,
		COMMENT,
	),
	unset=(
		*("dst-address", "dst-address-list", "dst-port", "protocol", "server", "src-address"),
		"src-address-list",
	),
)

MENUS = (
	USER,
	USER_PROFILE,
	SERVER,
	SERVER_PROFILE,
	COOKIE,
	IP_BINDING,
	WALLED_GARDEN,
	WALLED_GARDEN_IP,
)
