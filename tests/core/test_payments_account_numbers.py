import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mikrotik_integration.core.payments import phones
from mikrotik_integration.core.payments.account_numbers import draw, make, parse

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


prefixes = st.integers(1, 999).map(str)


@given(prefixes)
def test_a_drawn_number_has_its_prefix_and_fits_into_mpesa(prefix):
	number = draw(prefix)
	assert parse(number) == number
	assert number.startswith(prefix)
	assert len(number) == min(len(prefix) + 10, 12)


@given(st.data())
def test_any_number_of_ten_digits_may_be_drawn_and_none_is_a_phone_number(data):
	number = draw(below=lambda n: data.draw(st.integers(0, n - 1)))
	assert len(number) == 10
	assert number[0] != "0"
	assert parse(number) == number
	with pytest.raises(phones.InvalidPhone):
		phones.normalise(number)


@given(st.data(), prefixes)
def test_each_random_number_is_another_account_number(data, prefix):
	drawn: dict[str, int] = {}
	for _number in range(2):
		random = data.draw(st.integers(0, 10**8 - 1))
		for before in ("", prefix):
			assert drawn.setdefault(draw(before, below=lambda n, random=random: random), random) == random


def test_numbers_are_drawn_from_all_over_the_room():
	numbers = [draw() for _number in range(2000)]
	assert len(set(numbers)) == 2000
	for place in range(1, 10):
		assert {number[place] for number in numbers} == set("0123456789")


def test_the_serial_numbers_of_before_are_read_as_ever():
	assert parse("100016") == "100016"
