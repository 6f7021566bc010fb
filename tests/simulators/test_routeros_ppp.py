"""PPPoE, L2TP, PPTP and OpenVPN customers."""

import pytest

from mikrotik_integration.simulators.routeros import Behaviour, LoginRefused, RouterSimulator

SECRETS, ACTIVE = "/ppp/secret", "/ppp/active"
MAC = "02:00:00:00:00:42"


def ann(router: RouterSimulator, **more: str) -> str:
	"""A secret of the name ann with an address of its own; its `.id`."""
	return router.add(SECRETS, name="ann", password="pw", **{"remote_address": "10.9.0.2", **more})


def login(router: RouterSimulator, service: str = "pppoe", **more: str):
	return router.customer.login("ann", "pw", service=service, **more)


def refused(router: RouterSimulator, service: str = "pppoe", **more: str) -> str:
	with pytest.raises(LoginRefused) as refusal:
		login(router, service, **more)
	return str(refusal.value)


@pytest.mark.parametrize("service", ["pppoe", "l2tp", "pptp", "ovpn", "sstp"])
def test_a_session_has_an_active_row_and_an_interface_with_its_bytes(router, service: str) -> None:
	ann(router, service=service)
	session = login(router, service, mac=MAC)
	session.move(upload=10, download=200, seconds=60)
	[active] = router.rows(ACTIVE)
	[interface] = [row for row in router.rows("/interface") if row["dynamic"] == "true"]
	shown = [active[name] for name in ("name", "service", "caller-id", "address", "uptime")]
	assert shown == ["ann", service, MAC, "10.9.0.2", "1m"]
	assert "bytes-in" not in active
	assert (interface["name"], interface["rx-byte"], interface["tx-byte"]) == (
		f"<{service}-ann>",
		"10",
		"200",
	)


def test_openvpn_is_called_ovpn_on_the_router(router: RouterSimulator) -> None:
	ann(router, service="ovpn")
	assert login(router, "openvpn").service == "ovpn"


WRONG = [
	{"service": "l2tp"},
	{"disabled": "yes"},
	{"password": "other"},
	{"caller_id": "02:00:00:00:00:43"},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_the_secret_is_refused(router: RouterSimulator, wrong: dict[str, str]) -> None:
	router.add(SECRETS, **{"name": "ann", "password": "pw", "remote_address": "10.9.0.2", **wrong})
	assert refused(router, mac=MAC) == "user ann authentication failed"


def test_disabling_a_secret_only_stops_new_logins(router: RouterSimulator, api) -> None:
	row_id = ann(router)
	session = login(router)
	api.path(SECRETS).update(**{".id": row_id, "disabled": True})
	assert session.is_live
	api.path(ACTIVE).remove(router.rows(ACTIVE)[0][".id"])
	assert (session.ended, router.rows(ACTIVE)) == ("admin reset", [])
	assert refused(router) == "user ann authentication failed"


def test_a_removed_secret_leaves_its_session(router: RouterSimulator) -> None:
	row_id = ann(router)
	session = login(router)
	router.run(f"{SECRETS}/remove", {".id": row_id})
	assert session.is_live
	session.hang_up()
	assert [row["name"] for row in router.rows("/interface")] == ["ether1", "ether2", "bridge"]


def test_a_device_may_dial_again_at_once(make_router) -> None:
	router = make_router(Behaviour(devices_come_back=True))
	row_id = ann(router)
	login(router)
	router.run(f"{ACTIVE}/remove", {".id": router.rows(ACTIVE)[0][".id"]})
	assert [row["name"] for row in router.rows(ACTIVE)] == ["ann"]
	router.run(f"{SECRETS}/disable", {".id": row_id})
	router.run(f"{ACTIVE}/remove", {".id": router.rows(ACTIVE)[0][".id"]})
	assert router.rows(ACTIVE) == []


@pytest.mark.parametrize(("only_one", "default", "refuses"), [
	("yes", "no", True),
	("no", "yes", False),
	("default", "yes", True),
	("default", "default", False),
])  # fmt: skip
def test_only_one_is_asked_of_the_profile_and_then_of_the_default(router, only_one, default, refuses) -> None:
	router.run("/ppp/profile/set", {".id": "*0", "only-one": default})
	router.add("/ip/pool", name="pool", ranges="10.8.0.2-10.8.0.9")
	router.add("/ppp/profile", name="gold", only_one=only_one, remote_address="pool")
	ann(router, profile="gold", remote_address="")
	login(router)
	if refuses:
		assert refused(router) == "user ann is already active"
	else:
		login(router)
		names = [row["name"] for row in router.rows("/interface") if row["dynamic"] == "true"]
		assert names == ["<pppoe-ann>", "<pppoe-ann-1>"]


def test_without_any_address_there_is_no_session(router: RouterSimulator) -> None:
	ann(router, remote_address="")
	assert refused(router) == "could not determine remote address"
	assert login(router, address="10.1.1.1").address == "10.1.1.1"


def test_limits_of_bytes_are_per_session(router: RouterSimulator) -> None:
	ann(router, limit_bytes_out="100")
	for _ in range(2):
		session = login(router)
		assert session.move(download=150).download == 100
		assert session.ended == "traffic limit reached"


def test_a_session_ends_at_the_timeout_of_its_profile(router: RouterSimulator) -> None:
	router.add("/ppp/profile", name="hour", session_timeout="1h")
	ann(router, profile="hour")
	session = login(router)
	assert session.move(seconds=4000).seconds == 3600
	assert session.ended == "session timeout"


def test_the_speed_of_a_session_is_that_of_its_login(router: RouterSimulator) -> None:
	profile = router.add("/ppp/profile", name="gold", rate_limit="512k/1M 1M/2M 400k/800k 10/10")
	ann(router, profile="gold")
	login(router)
	router.run("/ppp/profile/set", {".id": profile, "rate-limit": "5M/5M"})
	queues = [(row["name"], row["target"], row["max-limit"]) for row in router.rows("/queue/simple")]
	assert queues == [("<pppoe-ann>", "<pppoe-ann>", "512000/1000000")]


def test_a_reconnect_begins_with_new_counters_and_another_session(router: RouterSimulator) -> None:
	ann(router)
	session = login(router)
	session.move(upload=10)
	[first] = router.rows(ACTIVE)
	session.hang_up()
	login(router)
	[second] = router.rows(ACTIVE)
	[interface] = [row for row in router.rows("/interface") if row["dynamic"] == "true"]
	assert first["session-id"] != second["session-id"]
	assert interface["rx-byte"] == "0"


def test_the_secret_remembers_the_last_session(router: RouterSimulator) -> None:
	ann(router)
	login(router, mac=MAC).hang_up()
	[secret] = router.rows(SECRETS)
	assert (secret["last-caller-id"], secret["last-disconnect-reason"]) == (MAC, "user-request")
	assert secret["last-logged-out"] != "1970-01-01 00:00:00"


def test_the_licence_limits_the_sessions(make_router) -> None:
	router = make_router(Behaviour(session_limit=1))
	ann(router)
	router.add(SECRETS, name="bob", password="pw", remote_address="10.9.0.3")
	router.customer.login("bob", "pw", service="pppoe")
	assert refused(router) == "session limit reached (1)"


@pytest.mark.parametrize(
	("service", "menu", "name"), [("pppoe", ACTIVE, "name"), ("hotspot", "/ip/hotspot/active", "user")]
)
def test_a_radius_server_lets_customers_in_that_no_row_explains(
	router, service: str, menu: str, name: str
) -> None:
	session = router.customer.login_by_radius("visitor", service=service)
	session.move(download=10)
	assert [(row[name], row["radius"]) for row in router.rows(menu)] == [("visitor", "true")]
	session.hang_up()
	assert router.rows(menu) == []


def test_usage_of_a_radius_session_is_not_put_on_a_row_of_the_same_name(router: RouterSimulator) -> None:
	router.add("/ip/hotspot/user", name="ann", limit_bytes_total="5")
	session = router.customer.login_by_radius("ann")
	session.move(download=10)
	session.hang_up()
	assert [row["bytes-out"] for row in router.rows("/ip/hotspot/user")] == ["0", "0"]
