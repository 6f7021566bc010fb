"""Voucher codes are in no log, result, error or warning of a pass in full."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from routeros_factories import SITE, an_account
from routeros_model import HOTSPOT_ACTIVE, HOTSPOT_COOKIE, HOTSPOT_USER, ModelRouter

from mikrotik_integration.core.provisioning.codes import hide, masked
from mikrotik_integration.core.provisioning.desired import Presence
from mikrotik_integration.core.provisioning.devices import end_devices
from mikrotik_integration.core.provisioning.reconcile import Outcome, reconcile_all, reconcile_some
from mikrotik_integration.core.routeros.client import Command, Reply
from mikrotik_integration.core.routeros.errors import trap
from mikrotik_integration.core.usage.snapshot import read_snapshot

CODE = "dkk9-3mf9-c"


def a_voucher(**values):
	return an_account(CODE, account_id="acc-1", password=CODE, is_code=True, **values)


class QuotingRouter(ModelRouter):
	"""Refuses every change to logins and sessions, and quotes the name in doing so, as routers do."""

	def _reply(self, command: Command) -> Reply:
		if command.path.endswith("/print") or "/profile/" in command.path:
			return super()._reply(command)
		return Reply(error=trap(f"failure: already have user {CODE.upper()} ([find name={CODE}])"))


def everything_said(outcome: Outcome) -> str:
	errors = [result.error for result in outcome.accounts.values()]
	return repr((errors, outcome.operations, outcome.warnings, str(outcome.held)))


def assert_hidden(outcome: Outcome) -> None:
	assert outcome.operations or outcome.warnings
	assert CODE.casefold() not in everything_said(outcome).casefold()


@pytest.mark.parametrize("router", [ModelRouter, QuotingRouter])
@pytest.mark.parametrize("presence", list(Presence))
@pytest.mark.parametrize("spelt", [CODE, CODE.upper()])
def test_a_known_voucher_is_hidden_however_it_is_spelt(router, presence, spelt):
	line = router()
	line.insert(HOTSPOT_USER, {"name": spelt, "comment": "erpnext:site1:acc-1", "disabled": "false"})
	for menu in (HOTSPOT_ACTIVE, HOTSPOT_COOKIE):
		line.insert(menu, {"user": spelt})
	assert_hidden(reconcile_all(line, SITE, [a_voucher(presence=presence, mac_address="02:00:00:00:00:01")]))


@pytest.mark.parametrize("router", [ModelRouter, QuotingRouter])
def test_a_new_voucher_is_hidden(router):
	assert_hidden(reconcile_some(router(), SITE, [a_voucher()]))


@pytest.mark.parametrize("router", [ModelRouter, QuotingRouter])
def test_a_login_of_ours_that_nothing_explains_may_be_a_voucher_and_is_hidden(router):
	line = router()
	line.insert(HOTSPOT_USER, {"name": CODE, "comment": "erpnext:site1:acc-gone", "disabled": "false"})
	line.insert(HOTSPOT_ACTIVE, {"user": CODE})
	assert_hidden(reconcile_all(line, SITE, []))


def test_a_voucher_whose_name_somebody_else_has_is_hidden():
	line = ModelRouter()
	line.insert(HOTSPOT_USER, {"name": CODE, "comment": "by hand"})
	line.insert(HOTSPOT_USER, {"name": CODE, "comment": "erpnext:site1:acc-1", "server": "hs1"})
	assert_hidden(reconcile_all(line, SITE, [a_voucher()]))


def test_a_renamed_voucher_is_hidden_under_both_names():
	line = ModelRouter()
	reconcile_all(line, SITE, [a_voucher()])
	outcome = reconcile_all(line, SITE, [a_voucher(username="wwww-7777-x")])
	assert outcome.operations
	for code in (CODE, "wwww-7777-x"):
		assert code not in everything_said(outcome)


def test_subscribers_are_named():
	outcome = reconcile_all(ModelRouter(), SITE, [an_account("ann.kamau")])
	assert "ann.kamau" in {operation.args.get("name") for operation in outcome.operations}


@pytest.mark.parametrize("refuses", [False, True])
def test_the_device_of_a_voucher_that_has_to_go_is_logged_without_its_code(refuses):
	class Line(ModelRouter):
		def rows(self, menu: str, proplist: Sequence[str], *queries: str):
			return []

		def _remove(self, menu, args):
			if refuses:
				raise trap(f"failure: {CODE} is busy")
			super()._remove(menu, args)

	line = Line()
	line.menus |= {menu: [] for menu in ("/system/resource", "/system/identity", "/interface")}
	line.insert(HOTSPOT_ACTIVE, {"user": CODE, "mac-address": "02:00:00:00:00:01"})
	results = end_devices(line, read_snapshot(line, SITE).unknown)
	assert [result.ok for result in results] == [not refuses]
	assert CODE not in repr(results)
	assert results[0].args == {"user": masked(CODE)}


@pytest.mark.parametrize(
	("text", "hidden"),
	[
		("user DKK9-3MF9-C is here", "user …9-c is here"),
		("dkk9-3mf9-c", "…9-c"),
		("nothing of the kind", "nothing of the kind"),
	],
)
def test_a_code_is_hidden_in_a_text(text, hidden):
	assert hide(text, [CODE, ""]) == hidden


def test_of_a_short_code_nothing_is_shown():
	assert (masked("12345"), masked("123456")) == ("…", "…456")
	assert hide("12", ["12"]) == "…"
	assert hide("room 12 of 12", ["12"]) == "room 12 of 12"
