import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.phones import InvalidPhone, mask, may_be_same, normalise

national_numbers = st.from_regex(r"[17][0-9]{8}", fullmatch=True)
decorations = st.lists(
	st.sampled_from([" ", "-", ".", "(", ")", "\u00a0", "\u202a", "\u202c", "\u2011"]), max_size=12
)


@given(
	national_numbers,
	st.sampled_from(["", "0", "254", "+254", "00254", "2540", "+2540"]),
	decorations,
	st.randoms(),
)
def test_every_way_of_writing_a_number_becomes_the_same(number, prefix, decoration, random):
	written = list(prefix + number)
	for character in decoration:
		written.insert(random.randint(0, len(written)), character)
	assert normalise("".join(written)) == "254" + number


@given(national_numbers)
def test_a_normalised_number_stays_as_it_is(number):
	assert normalise(normalise("0" + number)) == "254" + number


@given(national_numbers)
def test_a_masked_number_keeps_only_its_ends(number):
	phone = "254" + number
	assert mask(phone) == phone[:4] + "****" + phone[8:]


@pytest.mark.parametrize(
	"text",
	[
		"",
		"0",
		"M-PESA",
		"0202222222",  # a landline
		"071234567",
		"07123456789",
		"+255712345678",  # Tanzania
		"+712345678",
		"+0712345678",
		"00712345678",
		"0712345678 0722000000",
		"0712345678x",
		"٠٧١٢٣٤٥٦٧٨",
		"d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",  # a hashed MSISDN
		"2547 ***** 678",
	],
)
def test_what_is_no_kenyan_mobile_number_is_refused_in_plain_words(text):
	with pytest.raises(InvalidPhone, match="not a Kenyan mobile number"):
		normalise(text)


@given(st.text())
def test_any_text_is_either_a_kenyan_mobile_number_or_refused(text):
	try:
		phone = normalise(text)
	except InvalidPhone:
		return
	assert phone.isascii() and len(phone) == 12 and phone[:4] in ("2547", "2541")


@given(st.text().filter(lambda text: not text.startswith("254")))
def test_what_is_no_normalised_number_is_masked_altogether(text):
	assert mask(text) == "****"


PHONE = "254712345678"


@pytest.mark.parametrize(
	"seen",
	[None, "", PHONE, "2547 ***** 678", "2547*****5678", "254712XXX678", "****", "a" * 64, "M-PESA"],
)
def test_what_is_hidden_of_a_number_may_be_anything(seen):
	assert may_be_same(seen, PHONE) and may_be_same(PHONE, seen)


@pytest.mark.parametrize("seen", ["254712345679", "2547 ***** 679", "2541*****678", "2547*****4678"])
def test_a_digit_that_is_seen_and_differs_is_another_phone(seen):
	assert not may_be_same(seen, PHONE) and not may_be_same(PHONE, seen)


@given(st.text(), st.text())
def test_any_two_texts_are_compared_the_same_from_either_side(one, other):
	assert may_be_same(one, other) == may_be_same(other, one)
