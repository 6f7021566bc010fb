from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.provisioning.names import check_username
from mikrotik_integration.core.vouchers import codes

lengths = st.integers(codes.MIN_LENGTH, codes.MAX_LENGTH)
prefixes = st.text(codes.ALPHABET + "aer", max_size=codes.MAX_PREFIX_LENGTH)
bodies = st.text(codes.ALPHABET, min_size=codes.MIN_LENGTH, max_size=codes.MAX_LENGTH)
made = st.builds(str.__add__, prefixes, bodies).filter(codes.is_login_name)


@given(lengths, prefixes)
def test_a_code_is_its_prefix_and_letters_of_the_alphabet(length, prefix):
	code = codes.make(length, prefix)
	assert code.startswith(prefix)
	assert len(code) == len(prefix) + length
	assert set(code.removeprefix(prefix)) <= set(codes.ALPHABET)


def test_a_guess_hits_one_in_a_million_million_at_the_most():
	assert codes.guesses(codes.MIN_LENGTH) >= 10**12 > codes.guesses(codes.MIN_LENGTH - 1)


def test_no_letter_of_the_alphabet_is_mistaken_for_another():
	for group in ("0o", "1il", "uv", "2z", "5s", "8b", "9gq", "rm"):
		assert len(set(group) & set(codes.ALPHABET)) <= 1
	assert set("aeiou").isdisjoint(codes.ALPHABET)
	assert "".join(sorted(set(codes.ALPHABET))) == codes.ALPHABET


def test_codes_are_unique_whatever_their_case():
	many = codes.make_many(5000, prefix="k")
	assert len({code.casefold() for code in many}) == len(many) == 5000


def test_codes_come_from_the_system_s_secret_source(monkeypatch):
	drawn = iter("2" * 9)
	monkeypatch.setattr(codes.secrets, "choice", lambda letters: next(drawn))
	assert codes.make(9) == "222222222"


def test_a_code_like_a_mac_is_drawn_anew(monkeypatch):
	drawn = iter("cd2345678" + "cd234567x")
	monkeypatch.setattr(codes.secrets, "choice", lambda letters: next(drawn))
	assert codes.make(9, "cfd") == "cfdcd234567x"


@given(lengths, st.text("cdfae23456789", max_size=codes.MAX_PREFIX_LENGTH))
def test_every_router_takes_a_code_as_a_name(length, prefix):
	check_username(codes.make(length, prefix))


@pytest.mark.parametrize("length", [-1, 0, 8, 33])
def test_codes_that_are_too_short_or_too_long_are_refused(length):
	with pytest.raises(ValueError, match="9 to 32 letters"):
		codes.make(length)


@pytest.mark.parametrize(
	"prefix", ["KB", "shop", "lo", "a-b", " ", "ké", "k" * 9, "k\n", "<b>", "=cmd", "٣", "b", "0"]
)
def test_a_prefix_that_would_be_misread_is_refused(prefix):
	assert not codes.is_valid_prefix(prefix)
	with pytest.raises(ValueError, match="cannot be used"):
		codes.make(9, prefix)


@given(made)
def test_a_code_is_found_as_it_is_shown(code):
	assert codes.normalise(codes.shown(code)) == code
	assert codes.readings(codes.shown(code))[-1] == code


def test_a_code_is_shown_in_groups_of_four():
	assert codes.shown("fhjkmnptv") == "fhjk-mnpt-v"


MISTAKEN = {"2": "zZ", "5": "sS", "8": "bB", "9": "gGqQ", "v": "uU"}


@given(made, st.randoms())
def test_look_alikes_case_and_grouping_are_undone(code, random):
	typed = [random.choice(MISTAKEN.get(letter, "") + letter + letter.upper()) for letter in code]
	for _ in range(random.randint(0, 6)):
		typed.insert(
			random.randint(0, len(typed)), random.choice([" ", "-", "–", ".", "\u200b", "\u00a0", "\n"])
		)
	assert codes.normalise("".join(typed)) == code


@given(st.text())
def test_normalising_twice_changes_nothing(typed):
	assert codes.normalise(codes.normalise(typed)) == codes.normalise(typed)


@given(st.text())
def test_only_plain_letters_and_digits_come_out(typed):
	assert set(codes.normalise(typed)) <= set("0123456789abcdefghijklmnopqrstuvwxyz") - set("oilzsbgqu")


@given(made, made)
def test_two_codes_are_never_read_as_one(one, other):
	assert (codes.normalise(one) == codes.normalise(other)) == (one == other)


def test_wide_letters_of_a_foreign_keyboard_are_read():
	assert codes.normalise("ＦＨＪＫ－ｍｎｐｔ－５") == "fhjkmnpt5"


def test_a_huge_text_is_cut_before_it_is_looked_at():
	assert len(codes.normalise("ﷺ" * 100_000)) <= 256
	assert all(len(reading) <= 512 for reading in codes.readings("x" * 100_000))


def test_a_code_made_elsewhere_is_looked_for_as_typed_before_look_alikes():
	assert codes.readings(" Wifi_100 ") == ("Wifi_100", "wifi_100", "w1f1100")


def test_nothing_typed_means_no_code():
	assert codes.readings(" - ") == ("-",)
	assert codes.readings("  \n") == codes.readings("") == ()


@pytest.mark.parametrize("code", ["Wifi_100", "BIG", "a b"])
def test_a_code_made_elsewhere_is_shown_as_it_is(code):
	assert codes.shown(code) == code


@pytest.mark.parametrize(
	"code", ["AABBCCDDEEFF", "aa:bb:cc:dd:ee:ff", "T-AA:BB:CC:DD:EE:FF", "", " x", "x" * 65, "a\x00"]
)
def test_names_that_routers_refuse_are_no_codes(code):
	assert not codes.is_login_name(code)


@given(lengths)
def test_folding_leaves_our_codes_as_they_are(length):
	assert not codes.is_changed_by_folding(codes.make(length))


@pytest.mark.parametrize(
	("code", "changed"),
	[("CDFGHJKMN", True), ("cdfh-jkmnp", True), ("cdfhjkmnO", False), ("Shop-1", False), ("12345678", False)],
)
def test_a_code_made_elsewhere_that_folding_would_change_is_known(code, changed):
	assert codes.is_changed_by_folding(code) is changed


@given(made.filter(lambda code: not code.isdigit()))
def test_a_code_of_ours_is_too_long_to_be_guessed(code):
	assert not codes.is_guessable(code)
	assert not codes.is_guessable(codes.shown(code).upper())


@pytest.mark.parametrize(
	"code", ["1234", "482915", "Shop-1", "kahawa4821", "WIFI-48215", "promo2026-0815", "0" * 12, "", "é" * 20]
)
def test_a_code_of_a_word_and_a_number_is_guessed_however_long_it_is(code):
	assert codes.is_guessable(code)
