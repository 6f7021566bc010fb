import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.account_numbers import make, parse

serials = st.integers(min_value=1, max_value=10**11 - 1)


@given(serials)
def test_a_made_number_is_read_back_and_fits_into_mpesa(serial):
	number = make(serial)
	assert parse(number) == number
	assert len(number) <= 12


def test_a_known_luhn_number():
	assert make(7992739871) == "79927398713"


@given(serials, serials)
def test_no_two_serials_have_the_same_number(one, other):
	assert (make(one) == make(other)) == (one == other)


@given(serials, st.data())
def test_any_single_wrong_digit_is_caught(serial, data):
	number = make(serial)
	index = data.draw(st.integers(0, len(number) - 1))
	wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[index]]))
	assert parse(number[:index] + wrong + number[index + 1 :]) is None


@given(serials, st.data())
def test_any_two_neighbours_swapped_are_caught_except_0_and_9(serial, data):
	number = make(serial)
	index = data.draw(st.integers(0, len(number) - 2))
	pair = number[index : index + 2]
	assume(len(set(pair)) == 2 and set(pair) != {"0", "9"})
	assert parse(number[:index] + pair[::-1] + number[index + 2 :]) is None


@given(serials, st.randoms())
def test_spaces_dashes_and_the_letter_o_are_forgiven(serial, random):
	number = make(serial)
	written = "".join(
		random.choice(["", " ", "-"]) + random.choice(["0", "O", "o"] if c == "0" else [c]) for c in number
	)
	assert parse(f" {written} ") == number


@given(st.text())
def test_any_text_is_either_a_made_number_or_none(text):
	number = parse(text)
	assert number is None or make(int(number[:-1])) == number


@pytest.mark.parametrize(
	"text", ["", "0", "00", "-", "MERCY", "SUB-0001", "18\n19", "1" * 500, "٧٩٩٢٧٣٩٨٧١٣"]
)
def test_what_is_no_account_number_is_none(text):
	assert parse(text) is None


@pytest.mark.parametrize("serial", [0, -1, 10**11])
def test_a_serial_that_cannot_be_typed_is_refused(serial):
	with pytest.raises(ValueError, match="serial"):
		make(serial)
