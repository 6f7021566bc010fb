from __future__ import annotations

import pytest

from mikrotik_integration.core.provisioning.names import check_profile_name


@pytest.mark.parametrize("name", ["silver", "2 Mbit/s", "devices", "any-dev", "dev-2", "Deluxe 2dev-x"])
def test_a_plain_profile_name_is_taken(name):
	check_profile_name(name)


@pytest.mark.parametrize(
	("name", "words"),
	[
		("default", "left alone"),
		("default-encryption", "left alone"),
		("2dev-silver", "more devices"),
		("10dev-silver", "more devices"),
		("anydev-silver", "more devices"),
		("", "empty"),
		("x" * 65, "at most 64"),
	],
)
def test_a_profile_name_that_would_be_mistaken_for_another_is_refused(name, words):
	with pytest.raises(ValueError, match=words):
		check_profile_name(name)
