"""Messages to customers: documented names are filled in, nothing is ever run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.message_templates import fill, problems

VALUES = {"amount": "1,500", "customer_name": "Wanjiku"}


def test_known_names_are_filled_in_however_they_are_spaced():
	assert fill("{{ customer_name }}: KES {{amount}}{{  amount }}", VALUES) == "Wanjiku: KES 1,5001,500"


def test_a_value_is_text_and_is_not_looked_into_again():
	assert fill("{{ customer_name }}", {"customer_name": "{{ amount }}", "amount": "1"}) == "{{ amount }}"


@pytest.mark.parametrize(
	"template",
	[
		"{{ frappe.db.sql('select 1') }}",
		"{{ amount.__class__ }}",
		"{{ amount|upper }}",
		"{{ nothing }}",
		"{% for a in b %}{% endfor %}",
		"{{ amount",
		"amount }}",
		"{# amount #}",
		"{{ {{ amount }} }}",
	],
)
def test_anything_but_a_known_name_is_a_problem(template):
	assert problems(template, VALUES)


@pytest.mark.parametrize(
	"template", ["", "Dear {{ customer_name }}, KES {{amount}}", "50% {off}", "a { b } c"]
)
def test_plain_text_and_known_names_are_none(template):
	assert problems(template, VALUES) == []


@given(st.text(alphabet="{}% #ab.", max_size=40))
def test_what_has_no_problem_leaves_no_braces_behind(template):
	if not problems(template, ["a", "b"]):
		filled = fill(template, {"a": "", "b": ""})
		assert not problems(filled, []) or "{{" not in template
